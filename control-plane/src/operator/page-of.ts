import { z } from "zod";
import { badRequest } from "./api-error.ts";
import { holdsAll, parseFilter } from "./filter.ts";

const mostSize = 1_000;

/** Of every listing that can be long; without them it is whole. */
export const pageQuery = z.strictObject({
  filter: z
    .string()
    .optional()
    .meta({ description: "`path=value` or `path!=value`, joined by AND; `*` at the end of a value is any rest" }),
  pageSize: z.coerce.number().int().min(1).max(mostSize).optional(),
  pageToken: z.string().optional().meta({ description: "nextPageToken of the page before" }),
});

export type PageQuery = z.output<typeof pageQuery>;

/**
 * One page of a listing, in the order of its keys. The token is the last key of the page before, so that what comes and goes
 * meanwhile neither doubles nor hides anything else.
 */
export function pageOf<T>(
  items: readonly T[],
  { filter = "", pageSize, pageToken = "" }: PageQuery,
  { keyOf, fieldsOf }: { readonly keyOf: (item: T) => string; readonly fieldsOf: (item: T) => unknown },
): { readonly items: readonly T[]; readonly nextPageToken?: string } {
  const after = pageToken === "" ? undefined : keyOfToken(pageToken, filter);
  const terms = parseFilter(filter);
  const keyed = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ item, key }) => (after === undefined || key > after) && holdsAll(terms, fieldsOf(item)))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const page = keyed.slice(0, pageSize ?? keyed.length);
  const last = page.at(-1);
  const isMore = last !== undefined && keyed.length > page.length;
  return { items: page.map(({ item }) => item), ...(isMore && { nextPageToken: tokenOf(last.key, filter) }) };
}

function tokenOf(key: string, filter: string): string {
  return Buffer.from(JSON.stringify([key, filter])).toString("base64url");
}

function keyOfToken(token: string, filter: string): string {
  const [key, of] = listIn(Buffer.from(token.slice(0, 8_000), "base64url").toString());
  if (typeof key !== "string" || typeof of !== "string") throw wrong("is no nextPageToken of this listing");
  if (of !== filter) throw wrong("belongs to another filter: begin again without it");
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

function wrong(says: string) {
  return badRequest("the request's query", [{ at: "pageToken", says }]);
}
