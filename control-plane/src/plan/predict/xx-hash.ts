import createXxHash from "xxhash-wasm";

const { h64 } = await createXxHash();

/** xxHash64 of text in UTF-8, by which Envoy and gRPC (gRFC A42) hash endpoints and requests. */
export function xxHash64(text: string, seed = 0n): bigint {
  return h64(text, seed);
}
