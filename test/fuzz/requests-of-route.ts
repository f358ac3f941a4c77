import { gzipSync } from "node:zlib";
import fc, { type Arbitrary } from "fast-check";
import { stringify } from "yaml";
import type { JsonSchema } from "../../control-plane/src/policy/documents/json-schema.ts";
import { fittingValues } from "../random-documents/fitting-values.ts";
import { type Fitting, valuesOfSchema } from "../random-documents/values-of-schema.ts";
import type { ApiRoute, Parameter } from "./api-routes.ts";
import { contentTypes, hostileHeaders, hostileQueries, hostileSegments, hostileYaml } from "./hostile-values.ts";
import { type Mutation, mutations, unchanged } from "./mutated-json.ts";

/** What a request refers to is known only as it is sent. */
export type Live = {
  /** Of the document at this path, as it is in force; undefined where there is none. */
  document(path: string): unknown;
  etag(path: string): string | undefined;
  readonly revision: number;
  /** A shift that was begun; undefined before the first. */
  readonly operation: string | undefined;
};

/** A request before it is sent. */
export type FuzzRequest = {
  readonly route: ApiRoute;
  readonly method: string;
  /** Path and query, with `@operation` for the shift that there is. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: ((live: Live) => Buffer) | undefined;
  readonly sent: "whole" | "chunked" | "truncated";
};

const names = ["s0", "s1", "s2", "new-one", "edge-1", "@operation", "1", "r1", "dc-a", "dc-a%2Fz1", "app.js"] as const;
const likely: Readonly<Record<string, readonly string[]>> = {
  locality: ["dc-a", "dc-b", "dc-a%2Fz1", "dc-c"],
  revision: ["1", "r1", "0", "r2"],
  id: ["edge-1", "i1", "i2"],
};
const likelyOfQuery: Readonly<Record<string, readonly string[]>> = {
  ...{ within: ["0s", "1ms"], wait: ["0s", "1ms"], revision: ["0", "1"], limit: ["1", "1000"] },
  ...{
    client: ["edge", "grpc", "envoy", "edge-1"],
    from: ["dc-a/z1", "dc-b"],
    host: ["s0", "s1.example"],
    path: ["/", "/a"],
  },
  ...{ service: ["s0", "nobody"], document: ["services/s0", "trafficSplits/s0"], lastEventId: ["r1"], subset: ["v1"] },
  ...{ header: ["a=b"], if: ["dc-a dies", "40 % of dc-b is ejected"], reason: ["CHG-4711", "why é"], name: ["s0"] },
};

/** Requests for a route: right ones, and ones with something wrong in one or several of their parts. */
export function requestsOf(route: ApiRoute, now: Date): Arbitrary<FuzzRequest> {
  const { operation } = route;
  const parameters = operation?.parameters ?? [];
  const params = [...route.path.matchAll(/\/:(\w+)|(\*)/g)].map(([, name = "*"]) => name);
  const schema = operation?.body;
  const one = schema && bodyValues(schema, now);
  const bodies = one && operation?.takesDocuments ? severalOf(one) : one;
  // Which of the parts are to be wrong: mostly one, so that what comes after it is reached.
  const wrong = fc.oneof(
    { weight: 4, arbitrary: fc.constant<readonly Part[]>([]) },
    { weight: 6, arbitrary: fc.constantFrom(...partsOf(schema !== undefined)).map((part): readonly Part[] => [part]) },
    { weight: 1, arbitrary: fc.subarray([...partsOf(true)]) },
  );
  const right = {
    query: rightQuery(parameters),
    headers: rightHeaders(parameters),
    segments: params.map(rightSegment),
  };
  const wrongBodies = bodies ? bodyPlans(bodies, route, true) : strayBodies;
  const rightBodies = bodies ? bodyPlans(bodies, route, false) : fc.constant(undefined);
  const someHostileHeaders = fc.array(hostileHeaders, { minLength: 1, maxLength: 3 });
  const joinedQueries = fc.tuple(right.query, hostileQueries).map((both) => both.join("&"));
  return wrong.chain((parts) => {
    const is = (part: Part) => parts.includes(part);
    return fc
      .record({
        segments: fc.tuple(...right.segments.map((usual) => (is("path") ? hostileSegments : usual))),
        method: is("method")
          ? fc.constantFrom("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY")
          : fc.constant(route.method),
        query: is("query") ? joinedQueries : right.query,
        headers: fc.tuple(right.headers, is("headers") ? someHostileHeaders : fc.constant([])),
        body: is("body") ? wrongBodies : rightBodies,
        contentType: is("content type") ? fc.constantFrom(...contentTypes) : fc.constant(undefined),
        sent: is("framing") ? fc.constantFrom("chunked", "truncated", "gzip") : fc.constant("whole" as const),
        suffix: is("path") ? fc.constantFrom("", "", "", "/", "//", "/.", "%2F", "%3Aapply", "/x") : fc.constant(""),
      })
      .map(({ segments, method, query, headers: [usual, hostile], body, contentType, sent, suffix }): FuzzRequest => {
        let index = 0;
        const path = route.path.replace(
          /\/:\w+|\*/g,
          (found) => `${found === "*" ? "" : "/"}${segments[index++] ?? ""}`,
        );
        const type = contentType ?? body?.contentType;
        return {
          ...{ route, method, target: `${path}${suffix}${query === "" ? "" : `?${query}`}` },
          headers: [
            ...usual,
            ...(type === undefined || type === "" ? [] : [["Content-Type", type] as const]),
            ...(sent === "gzip" ? [["Content-Encoding", "gzip"] as const] : []),
            ...hostile,
          ],
          body: body && ((live) => (sent === "gzip" ? gzipSync(body.bytes(live, path)) : body.bytes(live, path))),
          sent: sent === "gzip" ? "whole" : sent,
        };
      });
  });
}

type Part = "path" | "method" | "query" | "headers" | "body" | "content type" | "framing";

function partsOf(takesBody: boolean): readonly Part[] {
  return takesBody
    ? ["path", "method", "query", "headers", "body", "body", "body", "body", "content type", "framing"]
    : ["path", "method", "query", "headers", "body"];
}

function rightSegment(name: string): Arbitrary<string> {
  const usual = likely[name];
  return usual
    ? fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...usual) }, fc.constantFrom(...names))
    : fc.constantFrom(...names);
}

function rightQuery(parameters: readonly Parameter[]): Arbitrary<string> {
  const known = parameters.filter((each) => each.in === "query");
  const pairs = known.map(({ name, schema, required }) => {
    const usual = likelyOfQuery[name];
    const value = usual ? fc.constantFrom(...usual) : valuesOfSchema(schema, () => undefined).map(String);
    const pair = value.map((text) => `${name}=${encodeURIComponent(text.toWellFormed())}`);
    // Unless told, it waits for 5 s.
    if (name === "within") return pair;
    return required
      ? fc.oneof({ weight: 20, arbitrary: pair }, fc.constant(""))
      : fc.oneof({ weight: 2, arbitrary: pair }, { weight: 3, arbitrary: fc.constant("") });
  });
  return fc.tuple(...pairs).map((all) => all.filter((pair) => pair !== "").join("&"));
}

function rightHeaders(parameters: readonly Parameter[]): Arbitrary<readonly (readonly [string, string])[]> {
  const takes = (name: string) => parameters.some((each) => each.in === "header" && each.name === name);
  const conditions = takes("if-match")
    ? fc.constantFrom(...["", "", "", "@etag", "*", "@revision", '"r1-00000000"'])
    : fc.constant("");
  const keys = fc.integer({ min: 1, max: 400 }).map((key) => (key > 60 ? "" : `key-${key}`));
  return fc
    .tuple(conditions, keys, fc.constantFrom("", "", "r0", "r1"))
    .map(([match, key, last]) => [
      ...(match === "" ? [] : [["If-Match", match] as const]),
      ...(key === "" ? [] : [["Idempotency-Key", key] as const]),
      ...(last === "" || !takes("last-event-id") ? [] : [["Last-Event-ID", last] as const]),
    ]);
}

type BodyPlan = { readonly contentType: string | undefined; readonly bytes: (live: Live, path: string) => Buffer };

const strayBodies: Arbitrary<BodyPlan> = fc.constantFrom(
  { contentType: "application/json", bytes: () => Buffer.from("{}") },
  { contentType: "application/json", bytes: () => Buffer.from("") },
  { contentType: "application/x-www-form-urlencoded", bytes: () => Buffer.from("a=1&validateOnly=false") },
  { contentType: undefined, bytes: () => Buffer.from("a") },
  { contentType: "application/json", bytes: () => Buffer.from('{"__proto__":1}') },
);

function bodyPlans(values: Arbitrary<unknown>, { path, operation }: ApiRoute, isWrong: boolean): Arbitrary<BodyPlan> {
  const takesYaml = operation?.takesDocuments === true;
  const mutation: Arbitrary<Mutation> = isWrong ? mutations : fc.constant(unchanged);
  const json = fc.tuple(values, mutation, fc.integer({ min: 0, max: 9 })).map(([value, change, dice]): BodyPlan => {
    return {
      contentType: "application/json",
      bytes: (live, asked) =>
        change(named(dice < 4 ? (live.document(asked) ?? value) : value, asked, path, dice !== 9)),
    };
  });
  if (!takesYaml && !isWrong) return json;
  const yaml = (isWrong ? hostileYaml : values.map((value) => stringify(value))).map((text): BodyPlan => {
    return { contentType: "application/yaml", bytes: () => Buffer.from(text) };
  });
  return fc.oneof({ weight: takesYaml ? 2 : 8, arbitrary: json }, { weight: 1, arbitrary: yaml });
}

/** A document is mostly told by the name that its URL has. */
function named(value: unknown, asked: string, pattern: string, isToFit: boolean): unknown {
  if (!isToFit || !/^\/v1\/\w+\/:name$/.test(pattern)) return value;
  const document = value as { readonly metadata?: object };
  return { ...document, metadata: { ...document.metadata, name: asked.split("/").at(-1) } };
}

/** Documents as `config:apply` takes them. */
function severalOf(one: Arbitrary<unknown>): Arbitrary<unknown> {
  const some = fc.array(one, { minLength: 1, maxLength: 3 });
  const removal = fc.record({
    kind: fc.constantFrom("TrafficSplit", "Drain", "Route"),
    name: fc.constantFrom("s0", "nobody"),
  });
  return fc.oneof(
    { weight: 3, arbitrary: one },
    { weight: 2, arbitrary: some },
    { weight: 1, arbitrary: some.map((documents) => ({ documents })) },
    { weight: 1, arbitrary: fc.record({ documents: some, delete: fc.array(removal, { maxLength: 2 }) }) },
  );
}

function bodyValues(schema: JsonSchema, now: Date): Arbitrary<unknown> {
  const inner = fittingValues(now);
  const shares = () => inner(["to"], {}) ?? fc.constant({});
  const fitting: Fitting = (path, part) => {
    const [field, parent] = [path.at(-1), path.at(-2)];
    if ((field === "target" || field === "base") && part.type === "object") return shares();
    if (parent === "services" && field === 0) return fc.constantFrom("s0", "s1", "*");
    // A lease that ends would change what there is by itself.
    if (field === "leaseSeconds") return fc.constantFrom(0, 3_600, 86_400);
    if (field === "address" && path.length === 1)
      return fc.integer({ min: 1, max: 60_000 }).map((port) => `127.0.0.1:${port}`);
    // Patterns of the schemas of requests may be such as fast-check cannot follow.
    if (part.type === "string" && part.pattern?.includes("(?")) return fc.constant("2026-11-21T10:00:00Z");
    return inner(path, part);
  };
  return valuesOfSchema(schema, fitting);
}
