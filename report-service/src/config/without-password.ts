/**
 * A URL as an error may show it, also one that is written so wrongly that nobody can tell where its password begins: all is
 * left out from the first colon after its scheme to the last @.
 */
export function withoutPassword(url: string): string {
  const [scheme = ""] = /^(?:[\w-]+=)?\w+:\/\//.exec(url) ?? [];
  return scheme + url.slice(scheme.length).replace(/:.*@/s, ":…@");
}
