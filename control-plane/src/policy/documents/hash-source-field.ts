import { z } from "zod";
import type { HashSource } from "../../model/policy.ts";
import { cookieName, cookiePath } from "./cookie-field.ts";
import { exactlyOneOf } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";

const header = z
  .string()
  .max(256)
  // gRPC (gRFC A42) hashes nothing by binary headers; HTTP/2 has no capital letters in names.
  .regex(/^(?!.*-bin$)[0-9a-z!#$%&'*+.^_|~-]+$/, "expected the name of a header in lower case, not ending in -bin")
  .meta({ examples: ["x-report-id"] });

const cookie = z.strictObject({
  name: cookieName,
  ttl: duration({ minMs: 0 })
    .optional()
    .describe("Makes the cookie for callers who have none; 0s until their browser closes. Default: it is only read."),
  path: cookiePath.optional().describe("The path that a cookie is made for. Default: none is said."),
});

const oneSource = {
  header: header.optional().describe("The value of this header."),
  cookie: cookie.optional().describe("Envoy only: the value of a cookie."),
  sourceAddress: z
    .strictObject({})
    .optional()
    .describe("The address that the request comes from, {}; for a gRPC client its channel."),
  method: z.strictObject({}).optional().describe("Envoy only: the path, for gRPC calls the service and method, {}."),
};
const sourceNames = Object.keys(oneSource);

/** Fields of which exactly one says what requests are hashed by; see `exactlyOneHashSource`. */
export const hashSourceFields = {
  ...oneSource,
  firstOf: z
    .array(exactlyOneOf(z.strictObject(oneSource), sourceNames))
    .min(1)
    .max(10)
    .optional()
    .describe("Several of these: the first that a request has decides."),
};

export function exactlyOneHashSource<S extends z.ZodType>(schema: S): S {
  return exactlyOneOf(schema, [...sourceNames, "firstOf"]);
}

type OneSource = z.output<z.ZodObject<typeof oneSource>>;

/** What the fields say, in the order in which they are tried. */
export function hashSourcesOf({ firstOf, ...one }: z.output<z.ZodObject<typeof hashSourceFields>>): HashSource[] {
  return (firstOf ?? [one]).map(sourceOf);
}

function sourceOf({ header, cookie, sourceAddress }: OneSource): HashSource {
  if (header !== undefined) return { kind: "header", name: header };
  if (cookie) {
    const { name, ttl, path = "" } = cookie;
    return { kind: "cookie", name, path, ttlMs: ttl === undefined ? undefined : durationMs(ttl) };
  }
  return sourceAddress ? { kind: "source-address" } : { kind: "method" };
}
