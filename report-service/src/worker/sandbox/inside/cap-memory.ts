import { webAssembly } from "./web-assembly.ts";

const pageBytes = 65_536;

/** Refuses all growth of WebAssembly memories beyond `maxBytes`; a module answers that as it answers a full machine. */
export function capMemory(maxBytes: () => number): void {
  const { prototype } = webAssembly.Memory;
  const { grow } = prototype;
  prototype.grow = function (this: typeof prototype, pages: number): number {
    if (this.buffer.byteLength + pages * pageBytes > maxBytes()) throw new RangeError("the memory limit is reached");
    return grow.call(this, pages);
  };
}
