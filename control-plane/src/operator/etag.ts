/** What a request's If-Match and If-None-Match ask for (RFC 9110 section 13.1). */
export type Precondition =
  | { readonly kind: "none" }
  | { readonly kind: "absent" }
  | { readonly kind: "exists" }
  | { readonly kind: "one-of"; readonly etags: readonly string[] }
  | { readonly kind: "unreadable"; readonly says: string };

const list = /^\s*(?:W\/)?"([^"]*)"\s*(?:,|$)/;

/** The entity tags of `"a", W/"b"`; undefined when it is no such list. Bare text is taken as one tag: people forget quotes. */
export function parseEtags(header: string): readonly string[] | undefined {
  if (/^[\w.-]+$/.test(header)) return [header];
  const etags: string[] = [];
  let rest = header;
  while (rest.trim() !== "") {
    const match = list.exec(rest);
    if (!match) return undefined;
    etags.push(match[1] ?? "");
    rest = rest.slice(match[0].length);
  }
  return etags.length > 0 ? etags : undefined;
}

export function parsePrecondition(headers: {
  readonly "if-match"?: string | undefined;
  readonly "if-none-match"?: string | undefined;
}): Precondition {
  const match = headers["if-match"];
  const noneMatch = headers["if-none-match"];
  if (match !== undefined && noneMatch !== undefined)
    return { kind: "unreadable", says: "If-Match and If-None-Match together can never hold: send one of them" };
  if (noneMatch !== undefined)
    return noneMatch.trim() === "*"
      ? { kind: "absent" }
      : { kind: "unreadable", says: 'on a write If-None-Match is "*", which means: create only' };
  if (match === undefined) return { kind: "none" };
  if (match.trim() === "*") return { kind: "exists" };
  const etags = parseEtags(match);
  return etags
    ? { kind: "one-of", etags }
    : { kind: "unreadable", says: 'If-Match is an ETag in quotes, like "r42-9f3c01ab", or *' };
}
