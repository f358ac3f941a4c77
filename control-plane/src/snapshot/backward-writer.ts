/**
 * Writes protobuf messages from their last byte to their first: the length that stands before a nested message is known once
 * it is written, and nothing is written twice. Fields go in by falling number. One buffer is used again and again.
 * https://protobuf.dev/programming-guides/encoding/
 */
export type BackwardWriter = {
  /** Forgets what was written. */
  restart(): void;
  /** Bytes so far: to be remembered before a nested message. */
  written(): number;
  /** Not written when 0, as proto3 has it. */
  varintField(field: number, value: number): void;
  /** One of a oneof: written when 0, too. */
  chosenVarintField(field: number, value: number): void;
  /** Not written when empty. */
  textField(field: number, text: string): void;
  /** A google.protobuf.UInt32Value; not written when undefined. */
  wrapperField(field: number, value: number | undefined): void;
  /** Makes what was written since then a nested message. */
  messageField(field: number, since: number): void;
  /** A copy of all that was written. */
  bytes(): Uint8Array<ArrayBuffer>;
};

const varint = 0;
const delimited = 2;
// Five bytes hold 32 bits.
const longestVarint = 5;
const encoder = new TextEncoder();

export function createBackwardWriter(): BackwardWriter {
  let buffer = new Uint8Array(4_096);
  let start = buffer.length;

  /** Makes room before what was written. */
  function reserve(bytes: number): void {
    if (start >= bytes) return;
    const written = buffer.subarray(start);
    const larger = new Uint8Array(Math.max(buffer.length * 2, written.length + bytes));
    larger.set(written, larger.length - written.length);
    start = larger.length - written.length;
    buffer = larger;
  }

  function writeVarint(value: number): void {
    let at = start - lengthOf(value);
    start = at;
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      if (rest < 128) {
        buffer[at] = rest;
        return;
      }
      buffer[at] = (rest % 128) | 128;
      at += 1;
    }
  }

  function writeKey(field: number, wireType: number): void {
    writeVarint(field * 8 + wireType);
  }

  /** False, with nothing to be relied on before `start`, where not all of it is ASCII. */
  function wroteAscii(text: string): boolean {
    const at = start - text.length;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) return false;
      buffer[at + index] = code;
    }
    start = at;
    return true;
  }

  function writeText(text: string): void {
    reserve(text.length + 2 * longestVarint);
    if (wroteAscii(text)) return;
    const encoded = encoder.encode(text);
    reserve(encoded.length + 2 * longestVarint);
    start -= encoded.length;
    buffer.set(encoded, start);
  }

  const writer: BackwardWriter = {
    restart() {
      start = buffer.length;
    },
    written: () => buffer.length - start,
    varintField(field, value) {
      if (value !== 0) writer.chosenVarintField(field, value);
    },
    chosenVarintField(field, value) {
      reserve(2 * longestVarint);
      writeVarint(value);
      writeKey(field, varint);
    },
    textField(field, text) {
      if (text === "") return;
      const before = writer.written();
      writeText(text);
      writer.messageField(field, before);
    },
    wrapperField(field, value) {
      if (value === undefined) return;
      const before = writer.written();
      writer.varintField(1, value);
      writer.messageField(field, before);
    },
    messageField(field, since) {
      reserve(2 * longestVarint);
      writeVarint(writer.written() - since);
      writeKey(field, delimited);
    },
    bytes: () => buffer.slice(start),
  };
  return writer;
}

function lengthOf(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
}
