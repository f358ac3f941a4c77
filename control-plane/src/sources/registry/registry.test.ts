import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Endpoint } from "../../model/service.ts";
import type { Sighting, SourceNote } from "../feed.ts";
import { endpoint, registryFeed, serviceName } from "../testing.ts";
import { createRegistry, type RegistryOptions } from "./registry.ts";

const service = serviceName("report");
const one = endpoint("10.0.0.1:1");
const two = endpoint("10.0.0.2:1");

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "weir-registry-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function start(dir: string, options: Partial<RegistryOptions> = {}) {
  const notes: SourceNote[] = [];
  const registry = await createRegistry({
    dir,
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    observe: (note) => notes.push(note),
    ...options,
  });
  const stop = new AbortController();
  const sightings = registry.watch(registryFeed("report"), stop.signal)[Symbol.asyncIterator]();
  return {
    ...registry,
    notes,
    /** The next thing that the watch of `report` says. */
    async next(): Promise<Sighting> {
      const { value, done } = await sightings.next();
      if (done) throw new Error("the watch has ended");
      return value;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await registry[Symbol.asyncDispose]();
    },
  };
}

const idsOf = (sighting: Sighting) => (sighting.kind === "seen" ? sighting.endpoints.map(({ id }) => id) : "failed");

test("an endpoint is there once registered, and gone once removed", async () => {
  await using dir = await folder();
  await using registry = await start(dir.path);
  assert.deepEqual(idsOf(await registry.next()), []);
  assert.equal(await registry.put(service, one, 0), "created");
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.1:1"]);
  assert.equal(await registry.remove(service, one.id), true);
  assert.equal(await registry.remove(service, one.id), false);
  assert.deepEqual(idsOf(await registry.next()), []);
});

test("a renewal that changes nothing is no sighting", async () => {
  await using dir = await folder();
  await using registry = await start(dir.path);
  await registry.put(service, one, 60);
  await registry.next();
  assert.equal(await registry.put(service, endpoint("10.0.0.1:1"), 60), "renewed");
  await registry.put(service, two, 60);
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.1:1", "10.0.0.2:1"]);
});

test("another service's registration wakes nobody here", async () => {
  await using dir = await folder();
  await using registry = await start(dir.path);
  await registry.next();
  await registry.put(serviceName("result"), one, 60);
  await registry.put(service, two, 60);
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.2:1"]);
});

test("a lease that is not renewed ends, and that is told", async () => {
  await using dir = await folder();
  await using registry = await start(dir.path);
  await registry.put(service, two, 0);
  await registry.put(service, one, 0.05);
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.2:1", "10.0.0.1:1"]);
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.2:1"]);
  assert.deepEqual(registry.notes, [{ kind: "lease-expired", service: "report", id: "10.0.0.1:1" }]);
});

test("a lease does not end by the wall clock", async () => {
  await using dir = await folder();
  let hours = 0;
  await using registry = await start(dir.path, { now: () => new Date(Date.now() + hours * 3_600_000) });
  await registry.put(service, one, 60);
  hours = 2;
  await registry.put(service, two, 0.05);
  await registry.next();
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.1:1"]);
});

test("no lease ends because the process was stopped for longer than it", async () => {
  await using dir = await folder();
  let sleptMs = 0;
  await using registry = await start(dir.path, { monotonicMs: () => performance.now() + sleptMs });
  await registry.put(service, two, 60);
  await registry.put(service, one, 0.2);
  await registry.next();
  sleptMs = 600_000;
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.2:1"], "the short one ends when it would have");
  assert.ok(registry.get(service, two.id), "the long one is still there");
});

test("a draining endpoint is said to drain, also after it renews", async () => {
  await using dir = await folder();
  await using registry = await start(dir.path);
  await registry.put(service, one, 60);
  await registry.next();
  assert.equal(await registry.drain(service, one.id), true);
  await registry.put(service, one, 60);
  const drained = await registry.next();
  assert.deepEqual(drained.kind === "seen" && drained.endpoints.map(({ health }) => health), ["draining"]);
  assert.equal(await registry.drain(service, two.id), false);
});

test("what is registered survives a restart, and its leases begin anew", async () => {
  await using dir = await folder();
  const rich: Partial<Endpoint> = {
    weight: 7,
    metadata: { version: "v1" },
    locality: { region: "dc-a", zone: "z1", subZone: "" },
  };
  {
    await using before = await start(dir.path);
    await before.put(service, endpoint("[2001:db8::1]:1", rich), 0);
    await before.put(service, two, 60);
  }
  await using after = await start(dir.path);
  const seen = await after.next();
  assert.deepEqual(seen.kind === "seen" && seen.endpoints, [endpoint("[2001:db8::1]:1", rich), two]);
  const [kept, leased] = after.list();
  assert.equal(kept?.expires, undefined);
  const leftMs = (leased?.expires?.getTime() ?? 0) - Date.now();
  assert.ok(leftMs > 55_000 && leftMs <= 60_000, `${leftMs} ms are left`);
});

test("what is until removed is on the disk when its registration is answered", async () => {
  await using dir = await folder();
  await using registry = await start(dir.path);
  await registry.put(service, one, 0);
  assert.match(await readFile(join(dir.path, "registry.json"), "utf8"), /10\.0\.0\.1:1/);
  assert.deepEqual(await readdir(dir.path), ["registry.json"]);
});

test("a damaged file is put aside and told, and its absence is not taken for emptiness before the grace is over", async () => {
  await using dir = await folder();
  await writeFile(join(dir.path, "registry.json"), '{"version":1,"entries":[{"service":');
  await using registry = await start(dir.path, { graceMs: 50 });
  assert.equal(registry.notes[0]?.kind, "registry-damaged");
  assert.equal(idsOf(await registry.next()), "failed");
  await registry.put(service, one, 60);
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.1:1"]);
  assert.ok((await readdir(dir.path)).includes("registry.json.damaged"));
});

test("a registry that cannot be written goes on serving, and says so", async () => {
  await using dir = await folder();
  await using registry = await start(join(dir.path, "data"));
  await writeFile(join(dir.path, "data"), "a file where the directory should be");
  await registry.put(service, one, 0);
  assert.deepEqual(idsOf(await registry.next()), ["10.0.0.1:1"]);
  assert.equal(registry.notes[0]?.kind, "registry-unsaved");
});
