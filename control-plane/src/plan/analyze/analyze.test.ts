import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { parseLocality, unknownLocality } from "../../model/locality.ts";
import { buildBook, emptyBook } from "../../policy/documents/book.ts";
import { documentsOf } from "../../policy/documents/yaml-documents.ts";
import { readYaml } from "../../policy/documents/yaml-values.ts";
import { analyze } from "./analyze.ts";
import { analyzers } from "./analyzers.ts";
import { isAtLeast } from "./finding.ts";
import type { Scene, SeenClient } from "./scene.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const now = new Date("2026-03-01T12:00:00Z");

type Example = {
  /** Endpoints by locality: `3`, `2 failing`, or their weights. */
  readonly endpoints?: Readonly<Record<string, number | string | readonly number[]>>;
  /** `envoy dc-a/z1`, `grpc-node dc-a`. */
  readonly clients?: readonly string[];
  readonly loads?: readonly { from: string; to: string; rps: number; inFlight?: number }[];
  readonly others?: readonly object[];
} & Readonly<Partial<Record<"Service" | "TrafficSplit" | "TrafficPolicy" | "Route", object>>>;

function sceneOf({ endpoints = {}, clients, loads, others = [], ...specs }: Example): Scene {
  const document = (kind: string, spec: object) => ({
    apiVersion: "weir/v1alpha1",
    kind,
    metadata: { name: "report" },
    spec,
  });
  const places = Object.entries(endpoints).flatMap(([where, what], zone) =>
    membersOf(what).map((member, index) => ({
      address: `10.0.${zone}.${index + 1}:9090`,
      ...(where !== "nowhere" && { locality: where }),
      ...member,
    })),
  );
  const target = { targetRefs: [{ kind: "Service", name: "report" }] };
  const documents = [
    document("Service", { endpoints: [places.length > 0 ? { static: places } : { registry: {} }], ...specs.Service }),
    ...(specs.TrafficSplit ? [document("TrafficSplit", { service: "report", ...specs.TrafficSplit })] : []),
    ...(specs.TrafficPolicy ? [document("TrafficPolicy", { ...target, ...specs.TrafficPolicy })] : []),
    ...(specs.Route ? [document("Route", { hosts: ["report"], ...specs.Route })] : []),
    ...others.map((each) => ({ apiVersion: "weir/v1alpha1", ...each })),
  ];
  const { values } = readYaml(documents.map((each) => JSON.stringify(each)).join("\n---\n"), "example.yaml");
  const parsed = documentsOf(values, undefined);
  assert.deepEqual(parsed.problems, []);
  const book = buildBook(emptyBook, parsed.documents, { revision: 1 });
  assert.ok(book.ok, JSON.stringify(book));
  return {
    book: book.value,
    written: parsed.documents,
    catalog: new Map(
      [...book.value.services].map(([name, spec]) => [
        name,
        { spec, endpoints: spec.origins.flatMap((each) => (each.kind === "static" ? each.endpoints : [])) },
      ]),
    ),
    clients: clients?.map(clientOf),
    loads: loads && {
      windowMs: 10_000,
      loads: loads.map(({ from, to, rps, inFlight = 0 }) => ({
        service: "report",
        from: localityOf(from),
        to: localityOf(to),
        requests: rps * 10,
        inProgress: inFlight,
      })),
    },
    now,
  };
}

function membersOf(what: number | string | readonly number[]): readonly object[] {
  if (typeof what === "object") return what.map((weight) => ({ weight }));
  const [count, health = "serving"] = String(what).split(" ");
  const version = /^v\d+$/.test(health) ? { metadata: { version: health } } : { health };
  return Array.from({ length: Number(count) }, () => version);
}

function clientOf(text: string, index: number): SeenClient {
  const [agent = "", where] = text.split(" ");
  const kind = agent === "envoy" ? "envoy" : "grpc";
  return { nodeId: `client-${index + 1}`, kind, agent: agent.replace("-", " "), locality: localityOf(where) };
}

function localityOf(text: string | undefined) {
  const locality = text === undefined ? undefined : parseLocality(text);
  return locality?.ok ? locality.value : unknownLocality;
}

const codes = analyzers.map(({ code }) => code);
const page = (code: string) => readFileSync(join(root, `docs/findings/${code}.md`), "utf8");

test("every code has a page and every page a code", () => {
  const pages = globSync("WR*.md", { cwd: join(root, "docs/findings") }).map((each) => each.replace(".md", ""));
  assert.deepEqual(pages.sort(), [...codes].sort());
  assert.equal(new Set(codes).size, codes.length);
  const index = readFileSync(join(root, "docs/findings/README.md"), "utf8");
  assert.deepEqual(
    analyzers
      .map(({ code, severity, title }) => `| [${code}](${code}.md) | ${severity} | ${title} |`)
      .filter((line) => !index.includes(line)),
    [],
  );
});

for (const { code, severity, title } of analyzers) {
  test(`${code} is found in its page's first example and not in the second: ${title}`, () => {
    const text = page(code);
    assert.ok(text.startsWith(`# ${code}: ${title}\n\n*${severity}*`), "the page's head");
    const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = ""]) => parse(yaml) as Example);
    assert.equal(examples.length, 2, "two examples");
    const [bad, good] = examples.map((each) => analyze(sceneOf(each)));
    const found = bad?.filter((each) => each.code === code) ?? [];
    assert.equal(found.length, 1, `found once in the first example, but: ${JSON.stringify(bad)}`);
    for (const { says, remedy, at, source, help } of found) {
      assert.match(says, /\w{3}/);
      assert.match(remedy, /\.$/);
      assert.doesNotMatch(`${says} ${remedy}`, /undefined|NaN|\[object/);
      assert.equal(help, `docs/findings/${code}.md`);
      assert.ok(at === "" || at.startsWith("spec."), at);
      assert.equal(source?.file, "example.yaml");
    }
    assert.deepEqual(
      good?.filter((each) => each.code === code),
      [],
      "not found in the second",
    );
  });
}

test("the documents of the README and a service without any document about it have no errors and no warnings", () => {
  const plain = sceneOf({
    endpoints: { "dc-a/z1": 3, "dc-b/z1": 3, "dc-c/z1": 3 },
    clients: ["envoy dc-a/z1", "grpc-go dc-b/z1", "grpc-node dc-a/z1"],
  });
  assert.deepEqual(analyze(plain), []);
  const split = { rules: [{ from: "*", to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] }] };
  const shared = sceneOf({
    endpoints: { "dc-a/z1": 3, "dc-b/z1": 3, "dc-c/z1": 3 },
    TrafficSplit: split,
    TrafficPolicy: {},
  });
  assert.deepEqual(analyze(shared), []);
});

test("what nobody can see is not reported as missing", () => {
  const scene = sceneOf({
    endpoints: {},
    TrafficSplit: { rules: [{ from: "*", to: { "dc-a": 100 } }] },
    TrafficPolicy: { panicThreshold: 50 },
  });
  const unseen = { ...scene, catalog: new Map(), clients: undefined, loads: undefined };
  assert.deepEqual(analyze(unseen), []);
});

test("an error is at least a warning, and an info is not", () => {
  assert.equal(isAtLeast("error", "warning"), true);
  assert.equal(isAtLeast("warning", "warning"), true);
  assert.equal(isAtLeast("info", "warning"), false);
});
