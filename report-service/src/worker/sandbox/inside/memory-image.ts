import { closeSync, openSync, readSync } from "node:fs";

/** Where the bytes of an image belong in memory, in order; everything else there stays as it is. */
type Run = { readonly at: number; readonly length: number };
type Index = { readonly headLength: number; readonly runs: readonly Run[] };

const pageBytes = 4096;
// A kernel without preemption copies what is read at once to its end, milliseconds in which nobody else has that core.
const pieceBytes = 64 * 1024;

/**
 * An image of `memory`, after `head`, that lacks the pages that are empty in it and in `found`, the memory that it is to be
 * put into: half of Python's.
 */
export function packImage(head: Uint8Array, memory: Uint8Array, found: Uint8Array): Uint8Array {
  const runs: { at: number; length: number }[] = [];
  for (let at = 0; at < memory.length; at += pageBytes) {
    const page = memory.subarray(at, at + pageBytes);
    if (isEmpty(page) && isEmpty(found.subarray(at, at + pageBytes))) continue;
    const last = runs.at(-1);
    if (last && last.at + last.length === at) last.length += page.length;
    else runs.push({ at, length: page.length });
  }
  const index = Buffer.from(JSON.stringify({ headLength: head.length, runs } satisfies Index));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(index.length);
  return Buffer.concat([size, index, head, ...runs.map(({ at, length }) => memory.subarray(at, at + length))]);
}

/** The image in a file: its head, and a function that puts the rest into a memory without a copy in between, once. */
export function openImage(path: string): { readonly head: Uint8Array; restore(memory: Uint8Array): void } {
  const file = openSync(path, "r");
  let position = 0;
  function read(target: Uint8Array): Uint8Array {
    for (let at = 0; at < target.length; ) {
      const bytes = readSync(file, target, at, Math.min(pieceBytes, target.length - at), position);
      if (bytes === 0) throw new Error(`${path} ends after ${position} bytes, before its image does`);
      at += bytes;
      position += bytes;
    }
    return target;
  }
  const size = Buffer.from(read(new Uint8Array(4))).readUInt32LE();
  const { headLength, runs } = JSON.parse(Buffer.from(read(new Uint8Array(size))).toString()) as Index;
  return {
    head: read(new Uint8Array(headLength)),
    restore(memory) {
      for (const { at, length } of runs) read(memory.subarray(at, at + length));
      closeSync(file);
    },
  };
}

const isEmpty = (page: Uint8Array) => page.every((byte) => byte === 0);
