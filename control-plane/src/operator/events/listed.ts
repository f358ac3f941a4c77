/** A list by its places, "0", "1", …: so a patch (RFC 7396) can name one of it. */
export type Listed<T> = Readonly<Record<string, T>>;

export function listed<T>(all: readonly T[]): Listed<T> {
  return Object.fromEntries(all.map((each, index) => [String(index), each]));
}
