import assert from "node:assert/strict";
import { test } from "node:test";
import { createConsulSource } from "../../control-plane/src/sources/consul/consul-source.ts";
import type { SourceNote } from "../../control-plane/src/sources/feed.ts";
import { hasConsul, startConsul } from "../kit/consul.ts";
import { until } from "../kit/wait.ts";

const skip = hasConsul() ? false : "no Consul; npm run setup gets one";

test("distances between two federated data centers come from Consul's coordinates, and stay when Consul goes", {
  skip,
}, async () => {
  await using consul = await startConsul({ datacenters: ["dc-a", "dc-b"] });
  const notes: SourceNote[] = [];
  const datacenters = ["dc-a", "dc-b"].map((name) => ({
    ...{ name, region: name === "dc-a" ? "eu-west" : "eu-north", addresses: [consul.url(name)], datacenter: name },
    ...{ tokenFile: undefined, tls: undefined, stale: true },
  }));
  await using source = createConsulSource({
    datacenters,
    observe: (note) => notes.push(note),
    monotonicMs: () => performance.now(),
    limits: { coordinatesMs: 200 },
  });
  const end = new AbortController();
  const distances = source.distances([{ a: "eu-west", b: "us-east", ms: 80 }], end.signal);
  assert.equal(distances.current()?.get("us-east")?.get("eu-west"), 80, "what is declared is known at once");
  await until(() => distances.current()?.get("eu-west")?.has("eu-north") === true, {
    within: 30_000,
    what: "the coordinates are known",
  });
  const known = distances.current();
  const ms = known?.get("eu-west")?.get("eu-north") ?? Number.NaN;
  assert.ok(ms > 0 && ms < 100, `${ms} ms between two servers of this machine`);
  assert.equal(known?.get("eu-north")?.get("eu-west"), ms);
  assert.equal(known?.get("eu-west")?.get("us-east"), 80, "what is declared stays");

  await consul.stop("dc-a");
  await consul.stop("dc-b");
  await until(() => notes.filter(({ kind }) => kind === "distances-unknown").length === 2, {
    within: 30_000,
    what: "both are told once",
  });
  assert.equal(distances.current()?.get("eu-west")?.get("eu-north") !== undefined, true);
  end.abort();
});
