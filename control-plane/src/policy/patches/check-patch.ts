import { type DescField, type DescMessage, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { VirtualHostSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { envoyTypes } from "@weir/proto/grpc/envoy-types.ts";
import { brokenRules } from "@weir/proto/grpc/field-rules.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import type { PatchOperation, PatchType } from "../../model/patch.ts";

const schemas: Readonly<Record<PatchType, DescMessage>> = {
  Cluster: ClusterSchema,
  ClusterLoadAssignment: ClusterLoadAssignmentSchema,
  Listener: ListenerSchema,
  VirtualHost: VirtualHostSchema,
};

/** By these clients and other resources know a resource; another one with the same domains would cost Envoy all routes. */
const fixed: Readonly<Record<PatchType, readonly string[]>> = {
  Cluster: ["name"],
  ClusterLoadAssignment: ["cluster_name"],
  Listener: ["name"],
  VirtualHost: ["name", "domains"],
};

type Found = { readonly field: "path" | "from" | "value"; readonly says: string };

/**
 * What can be said against an operation before there is a resource to try it on: fields that the message does not have, values
 * that do not decode. What lies inside an `Any` that is there already shows only when it is tried.
 */
export function checkOperation(type: PatchType, operation: PatchOperation): readonly Found[] {
  const wrong = (["path", "from"] as const).flatMap((field) => {
    const pointer =
      field === "path" || "from" in operation ? (operation as { [key: string]: unknown })[field] : undefined;
    if (typeof pointer !== "string") return [];
    // Copying a name away is no harm.
    const isRead = operation.op === "test" || (operation.op === "copy" && field === "from");
    return wrongPointer(type, pointer, isRead).map((says) => ({ field, says }));
  });
  if (wrong.length > 0 || !("value" in operation)) return wrong;
  const place = placeOf(schemas[type], segmentsOf(operation.path));
  const says = "says" in place ? place.says : wrongValue(place, operation.value as JsonValue);
  return says === undefined ? [] : [{ field: "value", says }];
}

function wrongPointer(type: PatchType, pointer: string, isRead: boolean): readonly string[] {
  if (!pointer.startsWith("/")) return ['expected a JSON pointer into the resource, such as "/connect_timeout"'];
  const segments = segmentsOf(pointer);
  const [first = ""] = segments;
  if (!isRead && fixed[type].includes(first))
    return [`the ${first} of a ${type} is not to be changed: others know it by it`];
  const place = placeOf(schemas[type], segments);
  return "says" in place ? [place.says] : [];
}

/** RFC 6901: `~1` is a slash, `~0` a tilde. */
function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Where a pointer leads: a field, an entry of a list or a map, or somewhere that no type is known of. */
type Place =
  | { readonly in: DescMessage; readonly field: DescField; readonly entry: string | undefined }
  | { readonly in: undefined };

function placeOf(message: DescMessage, segments: readonly string[]): Place | { readonly says: string } {
  const [name = "", ...rest] = segments;
  if (isOpaque(message)) return { in: undefined };
  const field = message.fields.find((each) => each.name === name);
  if (field === undefined) {
    const known = message.fields.map((each) => each.name);
    const guess = message.fields.some((each) => each.jsonName === name) ? "; write it as in the .proto file" : "";
    return { says: `${message.name} has no field "${name}"${guess || didYouMean(name, known)}` };
  }
  if (field.fieldKind === "list" || field.fieldKind === "map") {
    const [entry, ...inside] = rest;
    if (entry === undefined) return { in: message, field, entry };
    if (field.fieldKind === "list" && !/^(-|0|[1-9]\d{0,5})$/.test(entry))
      return { says: `"${entry}" is no place in the list ${name}: expected a number from 0, or "-" for its end` };
    if (inside.length === 0) return { in: message, field, entry };
    return field.message ? placeOf(field.message, inside) : noFields(name);
  }
  if (rest.length === 0) return { in: message, field, entry: undefined };
  return field.message ? placeOf(field.message, rest) : noFields(name);
}

function noFields(name: string) {
  return { says: `${name} has no fields of its own` };
}

/** Messages whose JSON is not an object with their fields, or holds another message's. */
function isOpaque({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.") || /^(xds|udpa)\.type\..*TypedStruct$/.test(typeName);
}

function wrongValue(place: Place, value: JsonValue): string | undefined {
  if (place.in === undefined) return wrongInside(value);
  const { field, entry } = place;
  const inPlace: JsonValue = entry === undefined ? value : field.fieldKind === "map" ? { [entry]: value } : [value];
  return decodes(place.in, { [field.name]: inPlace }, field);
}

/** Of a value at a place of unknown type, the messages that say what they are. */
function wrongInside(value: JsonValue): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value) && typeof (value as JsonObject)["@type"] === "string") return decodes(AnySchema, value);
  for (const each of Object.values(value)) {
    const says = wrongInside(each);
    if (says !== undefined) return says;
  }
  return undefined;
}

/** With `within` it is a message of which only that field is asked about; what it lacks, later operations may bring. */
function decodes(message: DescMessage, json: JsonValue, within?: DescField): string | undefined {
  const registry = envoyTypes();
  try {
    const decoded = fromJson(message, json, { registry });
    const broken = brokenRules(message, decoded, registry).find(
      ({ path, missing }) => !missing && (within === undefined || path[0] === within.name),
    );
    return broken && `Envoy would refuse it: ${broken.path.join(".")} ${broken.says}`;
  } catch (error) {
    return `does not decode: ${error instanceof Error ? error.message : String(error)}`;
  }
}
