import { invalid } from "./answering.ts";
import { holdsAll, parseFilter } from "./filter.ts";

const usualSize = 100;
const mostSize = 1_000;

/**
 * One page of a listing, in the order of its keys. The token is the last key of the page before, so that what comes and goes
 * meanwhile neither doubles nor hides anything else.
 */
export function pageOf<T>(
  items: readonly T[],
  { pageSize, pageToken, filter }: { readonly pageSize: number; readonly pageToken: string; readonly filter: string },
  { keyOf, fieldsOf }: { readonly keyOf: (item: T) => string; readonly fieldsOf: (item: T) => unknown },
): { readonly items: readonly T[]; readonly nextPageToken: string } {
  if (pageSize < 0) throw invalid("page_size", `is ${pageSize}: expected 1 to ${mostSize}, or 0 for ${usualSize}`);
  const size = pageSize === 0 ? usualSize : Math.min(pageSize, mostSize);
  const after = pageToken === "" ? undefined : keyOfToken(pageToken, filter);
  const terms = parseFilter(filter);
  const keyed = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ item, key }) => (after === undefined || key > after) && holdsAll(terms, fieldsOf(item)))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const page = keyed.slice(0, size);
  const last = page.at(-1);
  const nextPageToken = last && keyed.length > page.length ? tokenOf(last.key, filter) : "";
  return { items: page.map(({ item }) => item), nextPageToken };
}

function tokenOf(key: string, filter: string): string {
  return Buffer.from(JSON.stringify([key, filter])).toString("base64url");
}

function keyOfToken(token: string, filter: string): string {
  const [key, of] = listIn(Buffer.from(token.slice(0, 8_000), "base64url").toString());
  if (typeof key !== "string" || typeof of !== "string")
    throw invalid("page_token", "is no next_page_token of this method");
  if (of !== filter) throw invalid("page_token", "belongs to another filter: begin again without it");
  return key;
}

function listIn(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
