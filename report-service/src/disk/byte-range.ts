export type ByteRange =
  | { readonly kind: "whole" }
  /** Both are within the object. */
  | { readonly kind: "part"; readonly first: number; readonly last: number }
  | { readonly kind: "outside" };

/**
 * What of an object a Range header asks for (RFC 9110, section 14). Several ranges at once, or what is no range of
 * bytes, get the whole, as that section allows.
 */
export function byteRange(header: string | undefined, sizeBytes: number): ByteRange {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (from === "" && to === "") return { kind: "whole" };
  if (from === "") return part(Math.max(0, sizeBytes - Number(to)), sizeBytes - 1);
  if (to !== "" && Number(to) < Number(from)) return { kind: "whole" };
  return part(Number(from), Math.min(to === "" ? Number.POSITIVE_INFINITY : Number(to), sizeBytes - 1));
}

function part(first: number, last: number): ByteRange {
  return first <= last ? { kind: "part", first, last } : { kind: "outside" };
}
