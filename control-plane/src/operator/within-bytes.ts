/** As many of these, from the first on, as take no more bytes as JSON; and how many do not fit. */
export function withinBytes<T>(
  rows: readonly T[],
  bytes: number,
): { readonly kept: readonly T[]; readonly leftOut: number } {
  let left = bytes;
  const end = rows.findIndex((row) => {
    left -= Buffer.byteLength(JSON.stringify(row)) + 1;
    return left < 0;
  });
  const kept = end === -1 ? rows : rows.slice(0, end);
  return { kept, leftOut: rows.length - kept.length };
}
