import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type Cluster, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import type { ViewerKey } from "../model/viewer.ts";
import { diff } from "./diff.ts";
import { packNext } from "./pack.ts";

const cluster = (name: string, altStatName = "") => create(ClusterSchema, { name, altStatName });
const packed = (clusters: readonly Cluster[], before?: ReturnType<typeof packNext>) =>
  packNext({ clusters, endpoints: [], listeners: [], routes: [] }, "all" as ViewerKey, 1, before?.snapshot);

const [a, b, c] = [cluster("a"), cluster("b"), cluster("c")];

test("what is told to differ is what a comparison finds, and the table is the one made from nothing", () => {
  const other = cluster("b", "other");
  const cases: Readonly<Record<string, readonly Cluster[]>> = {
    "one replaced": [a, other, c],
    "one replaced by its like": [a, cluster("b"), c],
    "two that changed places": [b, a, c],
    "two that changed places, one of them changed": [other, a, c],
    "one gone": [a, c],
    "one gone, another come in its place": [a, cluster("d"), c],
    "one more": [a, b, c, cluster("d")],
    "all gone": [],
  };
  for (const [what, clusters] of Object.entries(cases)) {
    const before = packed([a, b, c]);
    const { snapshot, changes } = packed(clusters, before);
    assert.deepEqual(changes, diff(before.snapshot, snapshot), what);
    const fresh = packed(clusters).snapshot;
    assert.equal(snapshot.sums.cluster, fresh.sums.cluster, what);
    assert.deepEqual([...snapshot.resources.cluster.keys()], [...fresh.resources.cluster.keys()], what);
  }
});

test("messages of which two have one name are refused, also when they come to be so by a change", () => {
  assert.throws(() => packed([a, b, cluster("a")]), /two resources of type cluster are named "a"/);
  assert.throws(() => packed([a, cluster("c"), c], packed([a, b, c])), /two resources of type cluster are named "c"/);
});

test("the same messages are the same table", () => {
  const clusters = [a, b];
  const before = packed(clusters);
  assert.equal(packed(clusters, before).snapshot.tables.cluster, before.snapshot.tables.cluster);
});

test("another time to live is another version, though the content is the same", () => {
  const withTtl = (ttlMs: number | undefined, before?: ReturnType<typeof packNext>) => {
    const set = { clusters: [cluster("a")], endpoints: [], listeners: [], routes: [], ttlMs: () => ttlMs };
    return packNext(set, "all" as ViewerKey, 1, before?.snapshot);
  };
  const short = withTtl(30_000);
  assert.equal(withTtl(30_000, short).changes.length, 0);
  assert.equal(withTtl(60_000, short).changes.length, 1);
  assert.equal(withTtl(undefined, short).changes.length, 1);
  assert.equal(withTtl(undefined).snapshot.sums.cluster, packed([a]).snapshot.sums.cluster);
});
