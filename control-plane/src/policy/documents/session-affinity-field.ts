import { z } from "zod";
import type { SessionAffinity } from "../../model/route.ts";
import { cookieName, cookiePath } from "./cookie-field.ts";
import { exactlyOneOf, withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";
import { headerName } from "./header-match-field.ts";

const cookie = z.strictObject({
  name: cookieName,
  path: withDefault(cookiePath, "/", "The path that it is made for."),
  ttl: withDefault(duration({ minMs: 0 }), "0s", "How long it lives; 0s until the browser closes."),
});

/** How a caller brings back who served it. */
export const sessionAffinity = exactlyOneOf(
  z.strictObject({
    cookie: cookie.optional().describe("A cookie that Envoy makes, and the browser sends back."),
    header: headerName.optional().describe("A header that Envoy adds to the answer, and the caller sends back."),
  }),
  ["cookie", "header"],
);

export function sessionAffinityOf(fields: z.output<typeof sessionAffinity> | undefined): SessionAffinity | undefined {
  if (fields?.cookie) {
    const { name, path, ttl } = fields.cookie;
    return { kind: "cookie", name, path, ttlMs: durationMs(ttl) };
  }
  return fields?.header === undefined ? undefined : { kind: "header", name: fields.header };
}
