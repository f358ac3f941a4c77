import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../lib/testing.ts";
import type { EjectionHappening } from "../../running/ejections.ts";
import { connectedClient } from "../../serve/testing.ts";
import { startTestParts } from "../testing.ts";
import { boundedStream } from "./bounded-stream.ts";
import { createEventHub } from "./event-hub.ts";

const change = (document: unknown) => ({
  operations: [{ kind: "put" as const, document }],
  ...{ by: "ana", reason: "a reason that is rather long ".repeat(10), through: "api" as const, validateOnly: false },
});
const metadata = (name: string) => ({ apiVersion: "weir/v1alpha1", metadata: { name } });

test("a second of 500 clients, 120 services and a change of each stays below 20 kB, and no revision is left out", async () => {
  await using weir = await startTestParts();
  const stop = new AbortController();
  for (let index = 0; index < 500; index++) {
    const locality = `dc-${index % 5}/zone-${index % 40}`;
    weir.clients.add(connectedClient({ identity: { nodeId: `a-client-with-a-long-name-${index}`, locality } }));
  }
  const hub = createEventHub(weir.parts, { everyMs: 10 }, stop.signal);
  const told: string[] = [];
  let wake: () => void = () => undefined;
  function take(text: string) {
    told.push(text);
    wake();
  }
  const end = hub.listen({ take, end: () => undefined }, undefined);
  assert.ok(end);
  for (let index = 0; index < 120; index++) {
    const name = `service-with-a-long-name-${index}`;
    const spec = { protocol: "GRPC", endpoints: [{ registry: {} }] };
    await weir.parts.policies.change(change({ ...metadata(name), kind: "Service", spec }));
  }
  const limit = AbortSignal.timeout(20_000);
  const revisions = () =>
    [...told.join("").matchAll(/^event: revision\nid: r(\d+)\./gm)].map(([, each]) => Number(each));
  while (revisions().length < 120) {
    limit.throwIfAborted();
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  assert.deepEqual(
    revisions(),
    Array.from({ length: 120 }, (_, index) => index + 1),
  );
  const [, ...ticks] = told;
  for (const tick of ticks) assert.ok(Buffer.byteLength(tick) < 20_000, `${Buffer.byteLength(tick)} bytes`);
  assert.match(told.join(""), /event: clients\nid: \S+\ndata: \{"at":"[^"]+","total":500,/);
  stop.abort();
});

test("twenty pages are told the same each second, of one look", async () => {
  await using weir = await startTestParts();
  const stop = new AbortController();
  let looks = 0;
  const sources = () => {
    looks++;
    return weir.parts.sources();
  };
  const hub = createEventHub({ ...weir.parts, sources }, { everyMs: 10 }, stop.signal);
  const told = Array.from({ length: 20 }, (): string[] => []);
  let wake: () => void = () => undefined;
  for (const texts of told) {
    const take = (text: string) => {
      texts.push(text);
      wake();
    };
    assert.ok(hub.listen({ take, end: () => undefined }, undefined, "page"));
  }
  const [first = [], last = []] = [told[0], told.at(-1)];
  while (last.length < 6)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  stop.abort();
  assert.match(first[0] ?? "", /^event: overview$/m);
  assert.match(first[5] ?? "", /^event: changes\nid: \S+\ndata: \{"at":"[^"]+","patch":\{/m);
  assert.deepEqual(
    told.map((texts) => texts.slice(1, 6)),
    told.map(() => first.slice(1, 6)),
  );
  // Two as the first begins: what changed since nobody listened, and how it is.
  assert.equal(looks, first.length - 1 + 2);
});

test("no more than 100 listen at once, and who leaves makes room", async () => {
  await using weir = await startTestParts();
  const stop = new AbortController();
  const hub = createEventHub(weir.parts, {}, stop.signal);
  const listener = { take: () => undefined, end: () => undefined };
  const ends = Array.from({ length: 100 }, () => hub.listen({ ...listener }, undefined));
  assert.equal(hub.listen({ ...listener }, undefined), undefined);
  ends[0]?.();
  assert.ok(hub.listen({ ...listener }, undefined));
  stop.abort();
});

test("who does not read is cut off", () => {
  let cuts = 0;
  const { stream, take } = boundedStream({ mostUnread: 1_000, alsoUnread: () => 0, cut: () => cuts++ });
  take("how things are".repeat(200));
  take("x".repeat(900));
  assert.equal(cuts, 0);
  take("x".repeat(200));
  take("x".repeat(200));
  assert.deepEqual([cuts, stream.destroyed], [1, true]);
});

test("ejections are told as they begin and end, each once, also when there are many at once", async () => {
  await using weir = await startTestParts();
  const stop = new AbortController();
  const happenings: EjectionHappening[] = [];
  const ejections = () => ({ ...weir.parts.running.ejections(), happenings, happened: happenings.length });
  const parts = { ...weir.parts, running: { ...weir.parts.running, ejections } };
  const hub = createEventHub(parts, { everyMs: 10 }, stop.signal);
  let told = "";
  function take(text: string) {
    told += text;
  }
  hub.listen({ take, end: () => undefined }, undefined);
  for (let index = 0; index < 20; index++) {
    const about = { service: "report", locality: "dc-a/z1", state: "enforced" as const, clients: 1, of: 2 };
    happenings.push({ what: "ejection", change: "began", at: new Date(), address: `10.0.0.${index}:80`, ...about });
  }
  const addresses = () => [...told.matchAll(/"address":"10\.0\.0\.(\d+):80"/g)].map(([, each]) => Number(each));
  await until(() => addresses().length >= 20, 20_000);
  assert.deepEqual(
    addresses(),
    Array.from({ length: 20 }, (_, index) => index),
  );
  assert.match(told, /event: ejections\nid: \S+\ndata: \{"at":/);
  stop.abort();
});
