import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { answersByDatacenter, codes, failuresOf } from "../kit/grpc-load.ts";
import { startScene } from "../kit/three-data-centers.ts";

const load = { perSecond: 200, forMs: 5_000 };

test("a second after every instance of a data center was killed, every request is answered", async () => {
  await using scene = await startScene({ perDatacenter: 3 });
  const running = Promise.all([scene.throughEdge.sendAtRate(load), scene.proxyless.sendAtRate(load)]);
  await delay(1_000);
  await Promise.all(scene.backends("dc-a").map((backend) => backend.kill()));
  const killedAt = Date.now();
  const [edge, proxyless] = await running;
  for (const [name, records] of Object.entries({ edge, proxyless })) {
    const later = records.filter(({ startedAt }) => startedAt >= killedAt + 1_000);
    assert.ok(later.length > 300, `${name}: ${later.length} requests after the kill`);
    assert.deepEqual([...codes(later)], [["OK", later.length]], `${name}: ${failuresOf(records)}`);
    assert.equal(answersByDatacenter(later).get("dc-a"), undefined, name);
  }
});

test("with both weighted data centers dead, the failover takes over", async () => {
  await using scene = await startScene();
  const running = Promise.all([scene.throughEdge.sendAtRate(load), scene.proxyless.sendAtRate(load)]);
  await delay(500);
  await Promise.all([...scene.backends("dc-a"), ...scene.backends("dc-b")].map((backend) => backend.kill()));
  const killedAt = Date.now();
  const [edge, proxyless] = await running;
  for (const [name, records] of Object.entries({ edge, proxyless })) {
    const later = records.filter(({ startedAt }) => startedAt >= killedAt + 1_000);
    assert.deepEqual([...codes(later)], [["OK", later.length]], `${name}: ${failuresOf(later)}`);
    assert.deepEqual([...answersByDatacenter(later).keys()], ["dc-c"], name);
  }
});

test("draining a data center loses no request", async () => {
  await using scene = await startScene({ perDatacenter: 3 });
  const running = Promise.all([scene.throughEdge.sendAtRate(load), scene.proxyless.sendAtRate(load)]);
  await delay(500);
  for (const { id, process } of scene.backends("dc-a")) {
    const { status, body } = await scene.weir.api("DELETE", `/v1/registry/services/report/endpoints/${id}?wait=5s`);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body, { removed: `report/${id}`, acked: 2, of: 2 });
    await process.stop("SIGTERM");
  }
  const [edge, proxyless] = await running;
  assert.deepEqual([...codes(edge)], [["OK", edge.length]], `through the edge: ${failuresOf(edge)}`);
  assert.deepEqual([...codes(proxyless)], [["OK", proxyless.length]], `proxyless: ${failuresOf(proxyless)}`);
});
