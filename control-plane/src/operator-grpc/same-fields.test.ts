import assert from "node:assert/strict";
import { test } from "node:test";
import type { DescMessage } from "@bufbuild/protobuf";
import { ClientSchema, GetClientConfigResponseSchema } from "@weir/proto/weir/operator/v1/clients_pb.ts";
import {
  ApplyResourcesResponseSchema,
  ListRevisionsResponseSchema,
  PlanSchema,
} from "@weir/proto/weir/operator/v1/resources_pb.ts";
import {
  DrainLocalityResponseSchema,
  IsolateLocalityResponseSchema,
  ShiftSchema,
  UndrainLocalityResponseSchema,
} from "@weir/proto/weir/operator/v1/traffic_pb.ts";
import { startTestApi } from "../operator/testing-api.ts";

type Schema = {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
};

const answers: Readonly<Record<string, DescMessage>> = {
  "get /v1/clients/{id}": ClientSchema,
  "get /v1/clients/{id}/resources": GetClientConfigResponseSchema,
  "post /v1/config:apply": ApplyResourcesResponseSchema,
  "post /v1/config:plan": PlanSchema,
  "get /v1/revisions": ListRevisionsResponseSchema,
  "post /v1/trafficSplits/{name}:shift": ShiftSchema,
  "post /v1/localities/{locality}:drain": DrainLocalityResponseSchema,
  "post /v1/localities/{locality}:isolate": IsolateLocalityResponseSchema,
  "post /v1/localities/{locality}:undrain": UndrainLocalityResponseSchema,
};

// google.longrunning.Operations says these over gRPC.
const onlyRest = ["done", "metadata", "response", "error"].map((name) => `post /v1/trafficSplits/{name}:shift ${name}`);

test("a message has every field that the route's answer has", async () => {
  await using api = await startTestApi();
  const document = (await api.get("/openapi.json")).body as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  };
  const missing = Object.entries(answers).flatMap(([row, message]) => {
    const [method = "", path = ""] = row.split(" ");
    const operation = document.paths[path]?.[method] as
      | { readonly responses: { readonly 200: { readonly content: Readonly<Record<string, { schema: Schema }>> } } }
      | undefined;
    const schema = operation?.responses[200].content["application/json"]?.schema;
    assert.ok(schema, `${row} answers JSON`);
    return lacks(schema, message, row, document.components.schemas);
  });
  assert.deepEqual(missing, onlyRest);
});

function lacks(
  schema: Schema,
  message: DescMessage,
  at: string,
  named: Readonly<Record<string, Schema>>,
): readonly string[] {
  const { properties = {}, anyOf = [], items } = resolved(schema, named);
  const here = Object.entries(properties).flatMap(([name, value]) => {
    const field = message.fields.find(({ jsonName }) => jsonName === name);
    if (!field) return [`${at} ${name}`];
    const below = field.message;
    // google.protobuf's own (Struct, Timestamp) take whatever there is.
    return below && field.fieldKind !== "map" && !below.typeName.startsWith("google.")
      ? lacks(value, below, `${at} ${name}`, named)
      : [];
  });
  const inside = [...anyOf, ...(items ? [items] : [])].flatMap((each) => lacks(each, message, at, named));
  return [...new Set([...here, ...inside])];
}

function resolved(schema: Schema, named: Readonly<Record<string, Schema>>): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (named[name] ?? {});
}
