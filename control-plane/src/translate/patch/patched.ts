import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import { envoyTypes } from "@weir/proto/grpc/envoy-types.ts";
import { brokenRules } from "@weir/proto/grpc/field-rules.ts";
import { applyPatch, type Operation } from "rfc6902";
import { type Parsed, type Problem, parsed, refused } from "../../lib/parsed.ts";
import type { PatchSpec } from "../../model/patch.ts";

/**
 * The message as the patch leaves it, decoded again: what comes out is a message of the same type and name, or why not.
 * `nameOf` is what others know it by.
 */
export function patched<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  { operations }: PatchSpec,
  nameOf: (message: MessageShape<D>) => string,
): Parsed<MessageShape<D>> {
  const registry = envoyTypes();
  try {
    // With the empty lists that JSON leaves out: "/health_checks/-" is then the end of one.
    const json = toJson(schema, message, { registry, useProtoFieldName: true, alwaysEmitImplicit: true });
    const failure = applied(json, operations);
    if (failure) return refused(failure);
    const next = fromJson(schema, json as JsonValue, { registry });
    const [broken] = brokenRules(schema, next, registry);
    if (broken)
      return refused({ at: "operations", says: `Envoy would refuse it: ${broken.path.join(".")} ${broken.says}` });
    if (nameOf(next) === nameOf(message)) return parsed(next);
    return refused({
      at: "operations",
      says: `change the name to "${nameOf(next)}"; others know it by "${nameOf(message)}"`,
    });
  } catch (error) {
    return refused({
      at: "operations",
      says: `what comes out does not decode: ${error instanceof Error ? error.message : error}`,
    });
  }
}

/** In characters of JSON; a copy may double a resource, and many of them would fill the memory. */
const mostText = 4_000_000;

/** Does the operations one after the other; gives the first that cannot be done. */
function applied(json: unknown, operations: PatchSpec["operations"]): Problem | undefined {
  for (const [index, operation] of operations.entries()) {
    const at = `operations[${index}]`;
    // What it holds is copied in: steps may change what steps before them have added.
    const [failure] = applyPatch(json, [structuredClone(operation) as Operation]);
    if (failure) return { at, says: `does not apply: ${failure.message}` };
    if (operation.op === "copy" && JSON.stringify(json).length > mostText)
      return { at, says: `makes the resource larger than ${mostText} characters` };
  }
  return undefined;
}
