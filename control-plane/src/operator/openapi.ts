import swagger from "@fastify/swagger";
import { fastify } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject, type ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { documentKinds, documentSchemas } from "../policy/documents/document-schemas.ts";
import { ruleOf } from "./auth/enforce-roles.ts";
import { type OpenapiPaths, withAnswers } from "./openapi-answers.ts";
import { tagTexts } from "./openapi-tags.ts";
import type { OperatorContext } from "./operator-context.ts";
import { routeText } from "./route-of.ts";
import { addRoutes } from "./routes.ts";

/**
 * The OpenAPI 3.1 document, from the very routes and schemas that answer. It is made on a second app that never listens: the
 * libraries that make it take as long to load as all the rest of the API, and a control plane has to be ready soon.
 */
export async function openapiDocument(context: OperatorContext): Promise<object> {
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Weir operator API",
        version: context.parts.version,
        description: "Documents, registry, clients and traffic of a Weir control plane.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/", description: "This server" }],
      tags: Object.entries(tagTexts).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          token: {
            type: "http",
            scheme: "bearer",
            description: "Of the server's tokens file; asked for only where it has one (admin.auth.tokens)",
          },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.addHook("onRoute", ({ method, url, schema, config }) => {
    if (!schema) return;
    schema.response = { ...(schema.response as object | undefined), default: errorBody };
    if (config?.yaml === true) schema.consumes = ["application/json", "application/yaml"];
    const { least } = ruleOf(String(method), routeText(url));
    // OpenAPI 3.1: what stands beside a scheme that has no scopes are the roles that it takes.
    schema.security = least === "anyone" ? [] : [{ token: [least] }];
  });
  // Schemas that zod's registry names become components.
  z.globalRegistry.add(errorBody, { id: "Error" });
  for (const kind of documentKinds)
    z.globalRegistry.add(documentSchemas[kind], { ...z.globalRegistry.get(documentSchemas[kind]), id: kind });
  addRoutes(app, context);
  await app.ready();
  return withAnswers(asWritten(app.swagger()) as OpenapiPaths);
}

const errorBody = z.object({
  error: z.object({
    code: z.number().int().meta({ description: "The HTTP status" }),
    status: z.string().meta({ description: "The name of the google.rpc.Code", examples: ["INVALID_ARGUMENT"] }),
    message: z.string(),
    details: z.array(z.looseObject({ "@type": z.string() })).meta({
      description:
        "google.rpc.ErrorInfo with a reason; where fields are wrong, google.rpc.BadRequest with every one of them",
    }),
  }),
});

/** Documents are answered as they were written: the variant of their schemas with every default filled in is left out. */
function asWritten(document: object): object {
  const text = JSON.stringify(document);
  const kinds = documentKinds.join("|");
  const renamed = text.replace(new RegExp(`#/components/schemas/(${kinds})Input"`, "g"), '#/components/schemas/$1"');
  const result = JSON.parse(renamed) as { components: { schemas: Record<string, unknown> } };
  const { schemas } = result.components;
  for (const kind of documentKinds) {
    schemas[kind] = schemas[`${kind}Input`];
    delete schemas[`${kind}Input`];
  }
  delete schemas["ErrorInput"];
  return result;
}
