import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { routeRoles } from "./auth/route-roles.ts";
import { operationId } from "./openapi-answers.ts";
import { startTestApi } from "./testing-api.ts";

type Schema = {
  readonly examples?: readonly unknown[];
  readonly format?: unknown;
  readonly pattern?: unknown;
  readonly $ref?: unknown;
};
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Content };
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
};
type Document = {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

test("the OpenAPI document is one, has all that tools and people go by, and examples that are right", async (t) => {
  await using api = await startTestApi();
  const document = (await api.get("/openapi.json")).body as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      row: `${method.toUpperCase()} ${path}`,
      ...operation,
    })),
  );
  const wrongOf = (says: (operation: (typeof operations)[number]) => boolean) =>
    operations.filter(says).map(({ row }) => row);

  await t.test("it is OpenAPI 3.1 by the schema of the specification", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert.equal(valid, true, JSON.stringify(errors, null, 1));
  });

  await t.test("every route is in it, but for itself and the page", () => {
    const told = new Set(operations.map(({ row }) => row));
    const missing = Object.keys(routeRoles).filter((row) => !told.has(row.replace(/\/:(\w+)/g, "/{$1}")));
    assert.deepEqual(missing.sort(), ["GET /", "GET /openapi.json", "GET /page/*"]);
  });

  await t.test("operations have ids of their own, one line that says what they do, and a tag that is explained", () => {
    const ids = operations.map((each) => each.operationId);
    assert.deepEqual(
      ids.filter((id, index) => !/^[a-z][A-Za-z0-9]+$/.test(id) || ids.indexOf(id) !== index),
      [],
    );
    assert.deepEqual(
      wrongOf(({ summary }) => !/^[A-Z].{3,118}[^.]$/.test(summary)),
      [],
    );
    const known = new Set(document.tags.map(({ name }) => name));
    const tags = operations.map((each) => each.tags);
    assert.deepEqual(
      tags.filter((each) => each.length !== 1 || !known.has(each[0] ?? "")),
      [],
      "see openapi-tags.ts",
    );
    assert.deepEqual(
      [...known].filter((name) => !tags.flat().includes(name)),
      [],
    );
  });

  await t.test("answers are told: one that is good at least, each refusal that may come, in words", () => {
    assert.deepEqual(
      wrongOf(({ responses }) => !Object.keys(responses).some((status) => /^2\d\d$/.test(status))),
      [],
    );
    assert.deepEqual(
      wrongOf(({ responses }) => !responses["400"] || !responses["403"] || !responses["default"]),
      [],
    );
    assert.deepEqual(
      wrongOf(({ security, responses }) => security.length > 0 !== "401" in responses),
      [],
    );
    const bare = ({ description }: { readonly description: string }) =>
      description === "" || description === "Default Response";
    assert.deepEqual(
      wrongOf(({ responses }) => Object.values(responses).some(bare)),
      [],
    );
  });

  await t.test("each parameter of a path is told, and no other", () => {
    const inPath = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    const told = ({ parameters = [] }: Operation) =>
      parameters.flatMap(({ name, in: where }) => (where === "path" ? [name] : [])).sort();
    assert.deepEqual(
      wrongOf((each) => String(inPath(each.path)) !== String(told(each))),
      [],
    );
  });

  await t.test("schemas refer to what is there, have formats that are known, and examples that they allow", () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
    // A CommonJS module, whose types say otherwise.
    (addFormats as unknown as (to: typeof ajv) => void)(ajv);
    ajv.addVocabulary(["openapi", "info", "servers", "tags", "components", "paths"]);
    ajv.addSchema({ ...document, $id: "openapi" });
    const wrong: string[] = [];
    let examples = 0;
    const visit = (value: unknown, pointer: string, isSchema: boolean) => {
      if (typeof value !== "object" || value === null) return;
      const { examples: some, format, pattern, $ref } = value as Schema;
      if (isSchema && typeof format === "string" && !formats.has(format)) wrong.push(`${pointer}: format ${format}`);
      if (isSchema && typeof pattern === "string") assert.doesNotThrow(() => new RegExp(pattern, "u"), pointer);
      if (
        isSchema &&
        typeof $ref === "string" &&
        !document.components.schemas[$ref.replace("#/components/schemas/", "")]
      )
        wrong.push(`${pointer}: ${$ref}`);
      if (isSchema && Array.isArray(some)) {
        examples += some.length;
        // Compiled only here, as it takes seconds for all of them.
        const allows = ajv.getSchema(`openapi#${pointer}`);
        for (const example of some) if (!allows?.(example)) wrong.push(`${pointer}: ${JSON.stringify(example)}`);
      }
      for (const [key, each] of Object.entries(value)) {
        const at = `${pointer}/${segment(key)}`;
        if (isSchema && key === "properties")
          for (const [name, property] of Object.entries(each)) visit(property, `${at}/${segment(name)}`, true);
        else if (!(isSchema && notSchemas.has(key)))
          visit(each, at, isSchema || key === "schema" || pointer === "/components/schemas");
      }
    };
    visit(document, "", false);
    assert.deepEqual(wrong, []);
    assert.ok(examples > 20, `${examples} examples`);
  });
});

/** Keywords whose values are plain. */
const notSchemas = new Set(["examples", "default", "const", "enum", "required"]);

/** Of JSON Schema 2020-12, section 7.3, those that are used. */
const formats = new Set(["date-time", "uri", "duration"]);

function segment(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}

test("an operation is named by what it does to what", () => {
  assert.equal(operationId("get", "/v1/trafficSplits"), "getTrafficSplits");
  assert.equal(operationId("put", "/v1/trafficSplits/{name}"), "putTrafficSplit");
  assert.equal(operationId("get", "/v1/trafficPolicies/{name}/description"), "getTrafficPolicyDescription");
  assert.equal(operationId("get", "/v1/patches/{name}"), "getPatch");
  assert.equal(operationId("post", "/v1/trafficSplits/{name}:shift"), "shiftTrafficSplit");
  assert.equal(operationId("post", "/v1/config:apply"), "applyConfig");
  assert.equal(operationId("get", "/v1/clients:summary"), "getClientsSummary");
});

test("what describes the API is sent once to who keeps it", async () => {
  await using api = await startTestApi();
  for (const path of ["/openapi.json", "/schema/v1alpha1.json"]) {
    const first = await api.get(path);
    assert.equal(first.status, 200);
    assert.equal(first.headers["cache-control"], "no-cache");
    const etag = String(first.headers["etag"]);
    assert.match(etag, /^"[\w-]{22}"$/);
    const again = await api.get(path, { "if-none-match": `"other", ${etag}` });
    assert.deepEqual([again.status, again.text, again.headers["etag"]], [304, "", etag]);
    assert.equal((await api.get(path, { "if-none-match": '"other"' })).status, 200);
  }
});
