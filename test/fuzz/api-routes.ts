import { type RouteRule, routeRoles } from "../../control-plane/src/operator/auth/route-roles.ts";
import type { JsonSchema } from "../../control-plane/src/policy/documents/json-schema.ts";

export type Parameter = {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: JsonSchema;
};

/** A route as the table of roles and the OpenAPI document have it; both are made from the routes themselves. */
export type ApiRoute = {
  /** `POST /v1/operations/:name:pause` */
  readonly row: string;
  readonly method: string;
  readonly path: string;
  readonly rule: RouteRule;
  /** Undefined: the document leaves it out. */
  readonly operation: Operation | undefined;
};

export type Operation = {
  readonly parameters: readonly Parameter[];
  /** Undefined: it takes no body. */
  readonly body: JsonSchema | undefined;
  /** It takes documents of any kind, one or several; `body` is one. */
  readonly takesDocuments: boolean;
  /** By status, or `default`; undefined where no schema is told. */
  readonly responses: ReadonlyMap<string, { readonly schema: JsonSchema | undefined }>;
};

type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;
export type OpenapiDocument = {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: { readonly content: Content };
            readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
};

/** Every route that there is, with what the OpenAPI document says of it. */
export function apiRoutes(document: OpenapiDocument): readonly ApiRoute[] {
  return Object.entries(routeRoles).map(([row, rule]) => {
    const [method = "", path = ""] = row.split(" ");
    const said = document.paths[path.replace(/\/:(\w+)/g, "/{$1}")]?.[method.toLowerCase()];
    return { row, method, path, rule, operation: said && operationOf(said, document) };
  });
}

function operationOf(
  { parameters = [], requestBody, responses }: OpenapiDocument["paths"][string][string],
  document: OpenapiDocument,
): Operation {
  const body = requestBody && (firstSchema(requestBody.content) ?? {});
  const takesDocuments = body !== undefined && body.type === undefined && !("$ref" in body);
  const { schemas } = document.components;
  const documents = Object.values(schemas).filter(({ properties = {} }) => Object.hasOwn(properties, "apiVersion"));
  return {
    parameters,
    body: body && whole(takesDocuments ? { anyOf: documents } : body, document),
    takesDocuments,
    responses: new Map(
      Object.entries(responses).map(([status, { content }]) => [status, { schema: content && firstSchema(content) }]),
    ),
  };
}

function firstSchema(content: Content): JsonSchema | undefined {
  return (content["application/json"] ?? Object.values(content)[0])?.schema;
}

/** A schema with what it refers to in its place; `oneOf` as `anyOf`. */
export function whole(schema: JsonSchema, document: OpenapiDocument): JsonSchema {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    const { $ref, oneOf, ...rest } = value as { readonly $ref?: unknown; readonly oneOf?: unknown };
    if (typeof $ref === "string") return visit(document.components.schemas[$ref.split("/").at(-1) ?? ""] ?? {});
    const visited = Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, visit(each)]));
    return oneOf === undefined ? visited : { ...visited, anyOf: visit(oneOf) };
  };
  return visit(schema) as JsonSchema;
}
