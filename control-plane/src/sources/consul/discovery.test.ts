import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatest } from "../../lib/latest.ts";
import type { Book } from "../../model/world.ts";
import { serviceName, specOf } from "../testing.ts";
import { booksWithDiscovered, withDiscovered } from "./books-with-discovered.ts";
import { afterList, type DiscoverRule, discoveredSpecs, isMissingSome, type Known } from "./discovery.ts";
import type { Discovered } from "./follow-discovery.ts";

const rule = (services: string, rest: Partial<DiscoverRule> = {}): DiscoverRule => ({
  ...{ services, tags: [], datacenters: [], protocol: "grpc", passingOnly: true },
  ...rest,
});
const listed = (list: Readonly<Record<string, readonly string[]>>): Known =>
  afterList(new Map(), new Map(Object.entries(list)), 0, 1);
const known = new Map([
  [
    "dc-a",
    listed({ consul: [], report: ["grpc", "weir"], "team-a": [], "team-b": ["weir"], "team-a-sidecar-proxy": [] }),
  ],
  ["dc-b", listed({ report: ["grpc"], "team-a": [], "odd name": [] })],
]);

/** `report dc-a,dc-b` */
const found = (...rules: readonly DiscoverRule[]) =>
  [...discoveredSpecs(rules, known, new Map()).values()].map(
    ({ name, origins }) => `${name} ${origins.flatMap((one) => (one.kind === "consul" ? one.datacenters : []))}`,
  );

for (const [title, rules, expected] of [
  [
    "all but Consul's own and what cannot be a name",
    [rule("*")],
    ["report dc-a,dc-b", "team-a dc-a,dc-b", "team-b dc-a"],
  ],
  ["those whose names begin so", [rule("team-*")], ["team-a dc-a,dc-b", "team-b dc-a"]],
  ["the one of that name", [rule("report")], ["report dc-a,dc-b"]],
  ["those with a tag, where they have it", [rule("*", { tags: ["weir"] })], ["report dc-a", "team-b dc-a"]],
  ["those with all tags", [rule("*", { tags: ["weir", "grpc"] })], ["report dc-a"]],
  ["those of a data center", [rule("*", { datacenters: ["dc-b"] })], ["report dc-b", "team-a dc-b"]],
  ["those that any rule takes", [rule("report"), rule("team-b")], ["report dc-a,dc-b", "team-b dc-a"]],
  ["none without a rule", [], []],
] as const) {
  test(`rules take ${title}`, () => assert.deepEqual(found(...rules), expected));
}

test("the first rule that takes a service says how", () => {
  const specs = discoveredSpecs([rule("report", { protocol: "http1" }), rule("*")], known, new Map());
  assert.equal(specs.get(serviceName("report"))?.protocol, "http1");
  assert.equal(specs.get(serviceName("team-a"))?.protocol, "grpc");
});

test("a service that is as before is the same object", () => {
  const before = discoveredSpecs([rule("*")], known, new Map());
  const after = discoveredSpecs([rule("*")], new Map([...known, ["dc-c", listed({ report: [] })]]), before);
  assert.equal(after.get(serviceName("team-a")), before.get(serviceName("team-a")));
  assert.notEqual(after.get(serviceName("report")), before.get(serviceName("report")));
});

test("a name that is missing is forgotten only when every answer for a while did without it", () => {
  const both = listed({ a: [], b: ["x"] });
  const names = (known: Known) => [...known.keys()].sort();
  const gone = afterList(both, new Map([["a", []]]), 1_000, 100);
  assert.deepEqual(names(gone), ["a", "b"]);
  const back = afterList(
    gone,
    new Map([
      ["a", []],
      ["b", []],
    ]),
    1_090,
    100,
  );
  assert.deepEqual(names(afterList(back, new Map(), 1_150, 100)), ["a", "b"], "it was back in between");
  assert.deepEqual(names(afterList(gone, new Map([["a", []]]), 1_101, 100)), ["a"]);
  assert.deepEqual(names(afterList(both, new Map(), 9_999_999, 100)), ["a", "b"], "a long silence is no answer");
});

test("a tag that is missing is forgotten only when every answer for a while did without it", () => {
  const taken = (known: Known) =>
    discoveredSpecs([rule("*", { tags: ["x"] })], new Map([["dc-a", known]]), new Map()).size;
  const gone = afterList(listed({ b: ["x", "y"] }), new Map([["b", ["y"]]]), 1_000, 100);
  assert.deepEqual([taken(gone), isMissingSome(gone)], [1, true]);
  const forgotten = afterList(gone, new Map([["b", ["y"]]]), 1_101, 100);
  assert.deepEqual([taken(forgotten), isMissingSome(forgotten)], [0, false]);
});

test("a document stands in place of a service that was discovered, by its name and by its hosts", () => {
  const documents = new Map([
    [serviceName("report"), specOf("report")],
    [serviceName("other"), { ...specOf("other"), hosts: ["Team-A"] }],
  ]);
  const specs = discoveredSpecs([rule("*")], known, new Map());
  const all = withDiscovered(documents, specs);
  assert.deepEqual([...all.keys()], ["report", "other", "team-b"]);
  assert.equal(all.get(serviceName("report")), documents.get(serviceName("report")));
  assert.equal(withDiscovered(documents, new Map()), documents);
});

test("there is no book before discovery has spoken, nor while it is blind and there are no documents", async () => {
  const end = new AbortController();
  const book: Book = { revision: 1, services: new Map(), splits: new Map(), policies: [], routes: [] };
  const books = createLatest<Book>(book);
  const discovered = createLatest<Discovered>();
  const joined = booksWithDiscovered(books, discovered, end.signal);
  const turn = () => new Promise(setImmediate);
  await turn();
  assert.equal(joined.current(), undefined);
  discovered.set({ specs: new Map(), blind: true });
  await turn();
  assert.equal(joined.current(), undefined);
  discovered.set({ specs: discoveredSpecs([rule("report")], known, new Map()), blind: false });
  await turn();
  assert.deepEqual([...(joined.current()?.services.keys() ?? [])], ["report"]);
  const services = joined.current()?.services;
  books.set({ ...book, revision: 2 });
  await turn();
  assert.equal(joined.current()?.revision, 2);
  assert.equal(joined.current()?.services, services, "the same services are the same map");
  end.abort();
});
