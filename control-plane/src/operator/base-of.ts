import { z } from "zod";
import { badRequest } from "./api-error.ts";
import { parseEtags } from "./etag.ts";

/** The headers of a change of several documents, which has no ETag of one of them. */
export const conditionOnBase = z.looseObject({
  "if-match": z
    .string()
    .optional()
    .meta({ description: 'The newest revision, like "r42"; when there is a newer one: 412' }),
});

/** The revision that must still be the newest; undefined: any. */
export function baseOf(headers: { readonly "if-match"?: string | undefined }): number | undefined {
  const text = headers["if-match"];
  if (text === undefined || text.trim() === "*") return undefined;
  const [only, ...more] = parseEtags(text) ?? [];
  const [, digits] = /^r(\d{1,15})$/.exec(only ?? "") ?? [];
  if (digits !== undefined && more.length === 0) return Number(digits);
  throw badRequest("the request's headers", [
    { at: "If-Match", says: 'here it is the newest revision, like "r42": the change is of more than one document' },
  ]);
}
