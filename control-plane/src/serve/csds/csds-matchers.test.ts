import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { NodeMatcherSchema } from "@weir/proto/envoy/type/matcher/v3/node_pb.ts";
import type { StringMatcherSchema } from "@weir/proto/envoy/type/matcher/v3/string_pb.ts";
import type { ValueMatcherSchema } from "@weir/proto/envoy/type/matcher/v3/value_pb.ts";
import { problemText } from "../../lib/parsed.ts";
import { parseNodeMatchers } from "./csds-matchers.ts";

type Text = MessageInitShape<typeof StringMatcherSchema>;
type Value = MessageInitShape<typeof ValueMatcherSchema>;
type Matcher = MessageInitShape<typeof NodeMatcherSchema>;

test("no matchers mean every client", () => {
  assert.equal(matches([], { nodeId: "anything" }), true);
});

test("a node id is matched whole, by its beginning, its end or a part", () => {
  const ids = ["edge-1", "edge-10", "billing-edge-1"];
  const found = (nodeId: Text) => ids.filter((id) => matches([{ nodeId }], { nodeId: id }));
  assert.deepEqual(found(text("exact", "edge-1")), ["edge-1"]);
  assert.deepEqual(found(text("prefix", "edge-")), ["edge-1", "edge-10"]);
  assert.deepEqual(found(text("suffix", "-1")), ["edge-1", "billing-edge-1"]);
  assert.deepEqual(found(text("contains", "edge-10")), ["edge-10"]);
  assert.deepEqual(found(text("exact", "EDGE-1")), []);
  assert.deepEqual(found({ ...text("exact", "EDGE-1"), ignoreCase: true }), ["edge-1"]);
});

test("one of several matchers is enough, but all of what one says must hold", () => {
  const canary = at(["labels", "track"], string("exact", "canary"));
  const either: Matcher[] = [{ nodeId: text("exact", "edge-1") }, { nodeId: text("exact", "edge-2") }];
  assert.equal(matches(either, { nodeId: "edge-2" }), true);
  assert.equal(matches(either, { nodeId: "edge-3" }), false);
  const both: Matcher[] = [{ nodeId: text("prefix", "edge"), nodeMetadatas: [canary] }];
  assert.equal(matches(both, { nodeId: "edge-1", metadata: { labels: { track: "canary" } } }), true);
  assert.equal(matches(both, { nodeId: "edge-1", metadata: { labels: { track: "stable" } } }), false);
  assert.equal(matches(both, { nodeId: "edge-1" }), false);
});

test("metadata is matched by the kind of its value", () => {
  const metadata = { n: 5, yes: true, no: null, word: "report", list: ["a", 7], deep: { er: "x" } };
  const holds = (key: string, value: Value) => matches([{ nodeMetadatas: [at([key], value)] }], { metadata });
  const number = (value: number): Value => ({
    matchPattern: { case: "doubleMatch", value: { matchPattern: { case: "exact", value } } },
  });
  const range = (start: number, end: number): Value => ({
    matchPattern: { case: "doubleMatch", value: { matchPattern: { case: "range", value: { start, end } } } },
  });
  const present = (value: boolean): Value => ({ matchPattern: { case: "presentMatch", value } });
  const isTrue: Value = { matchPattern: { case: "boolMatch", value: true } };
  const isNull: Value = { matchPattern: { case: "nullMatch", value: {} } };
  const oneOf = (value: Value): Value => ({
    matchPattern: { case: "listMatch", value: { matchPattern: { case: "oneOf", value } } },
  });
  const or = (...valueMatchers: Value[]): Value => ({ matchPattern: { case: "orMatch", value: { valueMatchers } } });

  assert.deepEqual([holds("n", number(5)), holds("n", number(6)), holds("word", number(5))], [true, false, false]);
  assert.deepEqual([holds("n", range(5, 6)), holds("n", range(4, 5))], [true, false]);
  assert.deepEqual([holds("yes", isTrue), holds("word", isTrue), holds("no", isNull)], [true, false, true]);
  assert.deepEqual([holds("none", isNull), holds("word", string("suffix", "ort"))], [false, true]);
  assert.deepEqual(
    ["n", "deep", "list", "none"].map((key) => holds(key, present(true))),
    [true, false, false, false],
  );
  assert.equal(holds("none", present(false)), true);
  assert.deepEqual([holds("list", oneOf(number(7))), holds("list", oneOf(number(8)))], [true, false]);
  assert.equal(holds("word", or(number(1), string("contains", "epo"))), true);
  assert.equal(matches([{ nodeMetadatas: [at(["deep", "er"], string("exact", "x"))] }], { metadata }), true);
  for (const path of [["deep", "er", "est"], ["list", "0"], ["__proto__", "toString"], ["constructor"]])
    assert.equal(matches([{ nodeMetadatas: [at(path, present(true))] }], { metadata }), false, path.join("."));
});

test("what cannot be matched is refused, with where and what instead", () => {
  assert.deepEqual(refusals([{ nodeId: { matchPattern: { case: "safeRegex", value: { regex: "(a+)+$" } } } }]), [
    "node_matchers[0].node_id: regular expressions and extensions are not served: use exact, prefix, suffix or contains",
  ]);
  assert.deepEqual(
    refusals([
      { nodeId: {} },
      { nodeMetadatas: [{ path: [], value: string("exact", "x") }, { path: [key("a")] }] },
      { nodeMetadatas: [at(["a"], {})] },
    ]),
    [
      "node_matchers[0].node_id: has no pattern that is known here",
      "node_matchers[1].node_metadatas[0].path: must have keys",
      "node_matchers[1].node_metadatas[1].value: is missing",
      "node_matchers[2].node_metadatas[0].value: has no pattern that is known here",
    ],
  );
});

test("very many and very deep matchers are refused", () => {
  const many = Array.from({ length: 1_001 }, () => ({ nodeId: text("exact", "x") }));
  assert.deepEqual(refusals(many), ["node_matchers: has more than 1000 matchers in all"]);
  let deep: Value = string("exact", "x");
  for (let depth = 0; depth < 17; depth += 1)
    deep = { matchPattern: { case: "orMatch", value: { valueMatchers: [deep] } } };
  assert.match(refusals([{ nodeMetadatas: [at(["a"], deep)] }])[0] ?? "", /nested more than 16 deep/);
});

function matches(
  matchers: readonly Matcher[],
  { nodeId = "edge-1", metadata = {} }: { readonly nodeId?: string; readonly metadata?: JsonObject },
): boolean {
  const result = parseNodeMatchers(matchers.map((matcher) => create(NodeMatcherSchema, matcher)));
  assert.ok(result.ok, JSON.stringify(result));
  return result.value({ nodeId, metadata });
}

function refusals(matchers: readonly Matcher[]): readonly string[] {
  const result = parseNodeMatchers(matchers.map((matcher) => create(NodeMatcherSchema, matcher)));
  return result.ok ? [] : result.problems.map(problemText);
}

function text(kind: "exact" | "prefix" | "suffix" | "contains", value: string): Text {
  return { matchPattern: { case: kind, value } };
}

function string(kind: Parameters<typeof text>[0], value: string): Value {
  return { matchPattern: { case: "stringMatch", value: text(kind, value) } };
}

function key(value: string) {
  return { segment: { case: "key" as const, value } };
}

function at(path: readonly string[], value: Value) {
  return { path: path.map(key), value };
}
