import { z } from "zod";
import { type PatchOperation, type PatchSpec, patchClients, patchTypes } from "../../model/patch.ts";
import { apiVersion, metadata } from "../documents/document-fields.ts";
import { isJsonObject, type JsonObject } from "../documents/plain-json.ts";
import { checkOperation } from "./check-patch.ts";

const pointer = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => !/(^|\/)(__proto__|constructor|prototype)(\/|$)/.test(text), "does not lead to a field")
  .meta({ examples: ["/connect_timeout"] });

const operation = z
  .strictObject({
    op: z.enum(["add", "replace", "remove", "move", "copy", "test"]).describe("What is done, as in RFC 6902."),
    path: pointer.describe("Where: a JSON pointer, with the field names of the .proto file."),
    from: pointer.optional().describe("Whence; move and copy only."),
    value: z.unknown().optional().describe("What stands there then; add, replace and test only."),
  })
  .superRefine(
    (value, context) => {
      if (!isJsonObject(value)) return;
      for (const { field, says } of fieldsOfOtherOperations(value))
        context.addIssue({ code: "custom", message: says, path: [field] });
    },
    { when: ({ value }) => isJsonObject(value) },
  );

const spec = z
  .strictObject({
    type: z.enum(patchTypes).describe("What is changed; a VirtualHost is a part of routes."),
    name: z
      .string()
      .min(1)
      .max(400)
      .meta({ examples: ["report"] })
      .describe(
        "The resource's name, as `weir proxy config` shows it: a service's or a listener's (edge, outbound, inbound/report).",
      ),
    clients: z
      .array(z.enum(patchClients))
      .min(1)
      .max(patchClients.length)
      .default(["envoy-edge", "envoy-sidecar"])
      .describe("Whose resource is changed. Default: [envoy-edge, envoy-sidecar]."),
    operations: z.array(operation).min(1).max(100).describe("Done in their order, all or none."),
  })
  .superRefine(
    (value, context) => {
      const { type, operations } = value as Partial<z.output<typeof spec>>;
      const known = patchTypes.find((each) => each === type);
      if (known === undefined || !Array.isArray(operations)) return;
      for (const [index, each] of operations.entries()) {
        // What is wrong with its form is told already.
        if (!operation.safeParse(each).success) continue;
        for (const { field, says } of checkOperation(known, each as PatchOperation))
          context.addIssue({ code: "custom", message: says, path: ["operations", index, field] });
      }
    },
    { when: ({ value }) => isJsonObject(value) },
  );

export const patchDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("Patch").describe("A change of xDS resources that Weir has no words of its own for."),
    metadata,
    spec: spec.describe("What is changed, for whom."),
  })
  .describe("A Patch: JSON patches (RFC 6902) of xDS resources, for what Weir has no words of its own for.");

/** What a Patch document says. */
export function patchOf({ metadata, spec }: z.output<typeof patchDocument>): PatchSpec {
  return {
    name: metadata.name,
    type: spec.type,
    target: spec.name,
    clients: patchClients.filter((client) => spec.clients.includes(client)),
    operations: spec.operations as readonly PatchOperation[],
  };
}

const needed: Readonly<Record<string, "from" | "value" | undefined>> = {
  add: "value",
  replace: "value",
  test: "value",
  move: "from",
  copy: "from",
};

function fieldsOfOtherOperations(operation: JsonObject) {
  const op = String(operation["op"]);
  const needs = needed[op];
  return (["from", "value"] as const).flatMap((field) => {
    const isThere = operation[field] !== undefined;
    if (isThere && field !== needs) return [{ field, says: `is not for ${op}` }];
    return !isThere && field === needs ? [{ field, says: `is missing: ${op} needs it` }] : [];
  });
}
