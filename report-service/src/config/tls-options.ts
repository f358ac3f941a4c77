/** PEM files that a URL of something with TLS may name. */
export type TlsOptions = { readonly ca?: string; readonly cert?: string; readonly key?: string };

export const tlsOptions = ["ca", "cert", "key"] as const;

/** Reads `ca=FILE&cert=FILE&key=FILE`; undefined where the URL is none of the `secure` scheme, which then must not have them. */
export function readTlsOptions(
  given: URLSearchParams,
  { isSecure, secure }: { readonly isSecure: boolean; readonly secure: string },
  say: (at: string, says: string) => void,
): TlsOptions | undefined {
  const named = tlsOptions.filter((name) => given.has(name));
  if (!isSecure) {
    for (const name of named) say(name, `needs TLS: ${secure}://`);
    return undefined;
  }
  for (const name of named) if (given.get(name) === "") say(name, "is empty: it names a file, or is left out");
  const [hasCert, hasKey] = [given.has("cert"), given.has("key")];
  if (hasCert !== hasKey)
    say(hasCert ? "key" : "cert", "is needed, too: a client certificate is cert=FILE and key=FILE");
  return Object.fromEntries(named.map((name) => [name, given.get(name) ?? ""]));
}
