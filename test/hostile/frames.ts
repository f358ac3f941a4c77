/** HTTP/2 by hand (RFC 9113, and RFC 7541 for header blocks), so that a test can also send what no library would. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;

export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

/** Header names and values as they go over the wire; a name may come again. */
export type Headers = readonly (readonly [name: string, value: string | Buffer])[];

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** SETTINGS with these values by their numbers: 1 header table size, 3 concurrent streams, 4 initial window. */
export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const entries = Object.entries(values).map(([id, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(id), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return frame(frameType.settings, 0, 0, Buffer.concat(entries));
}

export const settingsAck: Buffer = frame(frameType.settings, flag.ack, 0);
export const ping: Buffer = frame(frameType.ping, 0, 0, Buffer.alloc(8));

export function pingAnswer(payload: Uint8Array): Buffer {
  return frame(frameType.ping, flag.ack, 0, payload);
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, stream, uint32(increment));
}

/** 8 is CANCEL. */
export function rstStream(stream: number, code = 8): Buffer {
  return frame(frameType.rstStream, 0, stream, uint32(code));
}

/** A header block of literals that enter no table. */
export function headerBlock(headers: Headers): Buffer {
  return Buffer.concat(headers.map(([name, value]) => literal(0x00, 4, name, value)));
}

/** A literal that enters the receiver's table of headers, where one byte then stands for it. */
export function indexedLiteral(name: string, value: string): Buffer {
  return literal(0x40, 6, name, value);
}

/** The header entered last. */
export const newestIndexed = 0x80 | 62;

export function headers(stream: number, block: Uint8Array, { end = false } = {}): Buffer {
  return frame(frameType.headers, flag.endHeaders | (end ? flag.endStream : 0), stream, block);
}

export function data(stream: number, payload: Uint8Array, { end = false } = {}): Buffer {
  return frame(frameType.data, end ? flag.endStream : 0, stream, payload);
}

/** A payload in as many DATA frames as it takes. */
export function dataFrames(stream: number, payload: Uint8Array, { end = false } = {}): Buffer {
  const most = 16_384;
  const count = Math.max(1, Math.ceil(payload.length / most));
  const part = (index: number) => payload.subarray(index * most, (index + 1) * most);
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => data(stream, part(index), { end: end && index === count - 1 })),
  );
}

/** A gRPC message: compressed or not, how long it says it is, and what is there of it. */
export function message(payload: Uint8Array, { compressed = false, says = payload.length } = {}): Buffer {
  return Buffer.concat([Buffer.from([compressed ? 1 : 0]), uint32(says), payload]);
}

/** Takes frames out of bytes as they come; what is left of an incomplete one waits. */
export function createFrameReader(): (bytes: Uint8Array) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const frames: Frame[] = [];
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) break;
      const [type = 0, flags = 0] = rest.subarray(3, 5);
      frames.push({ type, flags, stream: rest.readUInt32BE(5) & 0x7fff_ffff, payload: rest.subarray(9, end) });
      rest = rest.subarray(end);
    }
    return frames;
  };
}

function literal(kind: number, prefixBits: number, name: string, value: string | Buffer): Buffer {
  return Buffer.concat([integer(kind, prefixBits, 0), text(Buffer.from(name, "latin1")), text(Buffer.from(value))]);
}

function text(bytes: Buffer): Buffer {
  return Buffer.concat([integer(0, 7, bytes.length), bytes]);
}

function integer(kind: number, prefixBits: number, value: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([kind | value]);
  const bytes = [kind | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
