import { readSync, writeSync } from "node:fs";

/** The file descriptor over which a sandbox and its worker talk: a socket, blocking at the sandbox's end. */
const channelFd = 3;

/** Reads up to `target.length` bytes and waits for the first; 0 once the other end is gone. */
export function readSome(target: Uint8Array): number {
  return readSync(channelFd, target, 0, target.length, null);
}

export function writeAll(data: Uint8Array): void {
  for (let at = 0; at < data.length; ) at += writeSync(channelFd, data, at, data.length - at);
}

/** A frame: its length in four bytes, little-endian, and JSON. */
export function frameOf(message: string): Uint8Array {
  const body = Buffer.from(message);
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32LE(body.length);
  body.copy(frame, 4);
  return frame;
}

/** The next frame's JSON, undefined once the other end is gone. */
export function readFrame(): string | undefined {
  const head = readExactly(4);
  return head && readExactly(head.readUInt32LE())?.toString();
}

function readExactly(size: number): Buffer | undefined {
  const data = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; ) {
    const read = readSome(data.subarray(at));
    if (read === 0) return undefined;
    at += read;
  }
  return data;
}
