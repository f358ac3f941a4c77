import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import type { ViewerKey } from "../model/viewer.ts";
import { createViewers } from "./viewers.ts";

const [shop, bank] = ["shop" as ViewerKey, "bank" as ViewerKey];
const cluster = create(ClusterSchema, { name: "report" });

function recorded() {
  const heard: string[] = [];
  const viewers = createViewers((key, signal) => {
    heard.push(`${key} wanted`);
    signal.addEventListener("abort", () => heard.push(`${key} no more`));
  });
  return { viewers, heard };
}

test("a viewer is wanted from its first lease to its last, and again with the next", () => {
  const { viewers, heard } = recorded();
  const leases = [viewers.lease(shop, () => undefined), viewers.lease(shop, () => undefined)];
  viewers.lease(bank, () => undefined);
  for (const lease of leases) lease[Symbol.dispose]();
  viewers.lease(shop, () => undefined);
  assert.deepEqual(heard, ["shop wanted", "bank wanted", "shop no more", "shop wanted"]);
});

test("what is set when it is wanted is there at once, without a step of its own", () => {
  const steps: string[] = [];
  const viewers = createViewers((key) => viewers.set(key, { clusters: [cluster] }));
  const lease = viewers.lease(shop, () => steps.push("step"));
  assert.deepEqual([...(lease.current()?.snapshot.resources.cluster.keys() ?? [])], ["report"]);
  assert.deepEqual(steps, []);
});

test("a viewer that is forgotten goes with its last lease, and the next one waits", () => {
  const { viewers } = recorded();
  viewers.set(shop, { clusters: [cluster] });
  const first = viewers.lease(shop, () => undefined);
  viewers.forget(shop);
  assert.equal(viewers.lease(shop, () => undefined).current(), first.current());
  const { viewers: others } = recorded();
  others.set(shop, { clusters: [cluster] });
  others.lease(shop, () => undefined)[Symbol.dispose]();
  assert.notEqual(others.lease(shop, () => undefined).current(), undefined, "one that was set is kept");
  const last = others.lease(bank, () => undefined);
  others.set(bank, { clusters: [cluster] });
  others.forget(bank);
  last[Symbol.dispose]();
  assert.equal(others.lease(bank, () => undefined).current(), undefined);
});

test("two resources of one name are refused, and what was set before stays", () => {
  const { viewers } = recorded();
  viewers.set(shop, { clusters: [cluster] });
  const lease = viewers.lease(shop, () => undefined);
  const before = lease.current();
  const other = create(ClusterSchema, { name: "report", altStatName: "other" });
  assert.throws(() => viewers.set(shop, { clusters: [cluster, other] }), /cluster.*"report"/);
  assert.equal(lease.current(), before);
});
