import { z } from "zod";
import { sortedBy } from "../../lib/order.ts";
import type { HeaderEdits, HeaderValue } from "../../model/route.ts";
import { together } from "./document-fields.ts";
import { shown } from "./shown.ts";

const values = together(
  z.record(
    z.string(),
    z
      .string()
      .max(4096)
      .regex(/^[\x20-\x7e]*$/, "expected printable ASCII"),
  ),
  (fields) =>
    Object.keys(fields).flatMap((name) => {
      const says = nameProblem(name);
      return says === undefined ? [] : [{ path: [name], says }];
    }),
).meta({ examples: [{ "x-canary": "1" }] });

const names = z
  .array(
    z.string().superRefine((name, context) => {
      const says = nameProblem(name);
      if (says !== undefined) context.addIssue({ code: "custom", message: says });
    }),
  )
  .max(64);

/** What is done to headers on their way. */
export const headerEdits = z.strictObject({
  set: values.default({}).describe("Headers with their values, in place of what is there. Default: none."),
  add: values.default({}).describe("Headers with their values, beside what is there. Default: none."),
  remove: names.default([]).describe("Headers that are taken out. Default: none."),
});

export const noHeaderEdits: HeaderEdits = { set: [], add: [], remove: [] };

export function headerEditsOf(fields: z.output<typeof headerEdits> | undefined): HeaderEdits {
  if (fields === undefined) return noHeaderEdits;
  return { set: valuesOf(fields.set), add: valuesOf(fields.add), remove: [...new Set(fields.remove)].sort() };
}

function valuesOf(fields: Readonly<Record<string, string>>): readonly HeaderValue[] {
  return sortedBy(
    Object.entries(fields).map(([name, value]) => ({ name, value })),
    ({ name }) => name,
  );
}

/** They are part of how HTTP carries a message; Envoy refuses to touch a host, and a gRPC call without `te` is none. */
const ofTheTransport = ["host", "connection", "content-length", "content-type", "te", "transfer-encoding", "upgrade"];

function nameProblem(name: string): string | undefined {
  if (name.length > 256 || !/^[0-9a-z!#$%&'*+.^_|~-]+$/.test(name))
    return `${shown(name)} is no name of a header: expected lower case, such as x-canary`;
  if (ofTheTransport.includes(name)) return `"${name}" is not to be changed: it is part of how a message is carried`;
  if (/^(grpc|x-envoy)-/.test(name)) return `"${name}" is not to be changed: it belongs to gRPC or to Envoy`;
  return undefined;
}
