import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createMemoryKv, type MemoryKv } from "../../store/memory-kv.ts";
import type { SourceNote } from "../feed.ts";
import { endpoint, registryFeed, serviceName } from "../testing.ts";
import { createRegistry, type Registry } from "./registry.ts";

const service = serviceName("report");
const one = endpoint("10.0.0.1:1");
const two = endpoint("10.0.0.2:1");
// Two seconds in earnest; everything else follows from it.
const beatMs = 100;

type Replica = Registry & { readonly notes: readonly SourceNote[] };

async function replica(kv: MemoryKv, dir: string, now = () => new Date()): Promise<Replica> {
  const notes: SourceNote[] = [];
  const registry = await createRegistry({
    ...{ dir, now, monotonicMs: () => performance.now(), observe: (note) => void notes.push(note) },
    shared: { kv, prefix: "weir", beatMs },
  });
  return Object.assign(registry, { notes });
}

async function pair() {
  const kv = createMemoryKv();
  const place = await mkdtempDisposable(join(tmpdir(), "weir-registry-"));
  const dirs = [join(place.path, "a"), join(place.path, "b")] as const;
  const [a, b] = await Promise.all(dirs.map((dir) => replica(kv, dir)));
  assert.ok(a && b);
  return {
    ...{ kv, a, b, dirs },
    async [Symbol.asyncDispose]() {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const ids = (registry: Registry) =>
  registry
    .list()
    .map(({ endpoint }) => `${endpoint.id} ${endpoint.health}`)
    .sort();

/** Renews again and again, as an instance does, until it is stopped. */
function heartbeat(registries: readonly Registry[], leaseSeconds: number, what = one): Disposable {
  let beat = 0;
  const timer = setInterval(() => void registries[beat++ % registries.length]?.put(service, what, leaseSeconds), 50);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

test("who registers, drains and is removed at one replica does so at the other", async () => {
  await using both = await pair();
  const { a, b } = both;
  await a.put(service, one, 30);
  await b.put(service, two, 0);
  await until(() => ids(a).length === 2 && ids(b).length === 2, "both know both");
  assert.deepEqual(
    a.list().map(({ registeredAt, endpoint }) => [endpoint, registeredAt]),
    b.list().map(({ registeredAt, endpoint }) => [endpoint, registeredAt]),
  );
  await b.drain(service, one.id);
  await until(() => ids(a).includes("10.0.0.1:1 draining"), "a drains it");
  await a.put(service, one, 30);
  assert.equal(a.get(service, one.id)?.endpoint.health, "draining");
  const gone = new AbortController();
  const sightings = a.watch(registryFeed("report"), gone.signal)[Symbol.asyncIterator]();
  await sightings.next();
  await b.remove(service, one.id);
  const next = await sightings.next();
  assert.ok(!next.done && next.value.kind === "seen");
  const { value } = next;
  assert.deepEqual(
    value.endpoints.map(({ id }) => id),
    [two.id],
  );
  assert.deepEqual([...(value.withdrawn ?? [])], [one.id]);
  gone.abort();
});

test("an instance lives while it renews anywhere, and goes everywhere when it stops", async () => {
  await using both = await pair();
  const { a, b } = both;
  await a.put(service, one, 1);
  await until(() => ids(b).length === 1, "b knows it");
  {
    using _beating = heartbeat([b], 1);
    const end = performance.now() + 4_000;
    await until(() => performance.now() > end || ids(a).length === 0 || ids(b).length === 0, "four lease times pass");
    assert.deepEqual([ids(a).length, ids(b).length], [1, 1]);
  }
  await until(() => ids(a).length === 0 && ids(b).length === 0, "it is gone at both");
});

test("renewals of many instances are a write per beat, not one each", async () => {
  await using both = await pair();
  const { a, b, kv } = both;
  const many = Array.from({ length: 500 }, (_, index) => endpoint(`10.1.${index >> 8}.${index & 255}:1`));
  await Promise.all(many.map((each) => a.put(service, each, 30)));
  await until(() => ids(b).length === many.length, "b knows all");
  let writes = 0;
  kv.beforeWrite = async () => void writes++;
  const started = performance.now();
  while (performance.now() - started < 1_000) {
    for (const each of many) await a.put(service, each, 30);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const most = (2 * (performance.now() - started)) / beatMs + 2;
  assert.ok(writes <= most, `${writes} writes, at most ${most} beats of two replicas`);
});

test("while the store is away nobody expires, and what happened meanwhile is shared when it is back", async () => {
  await using both = await pair();
  const { a, b, kv } = both;
  await a.put(service, one, 1);
  await until(() => ids(b).length === 1, "b knows it");
  using _beating = heartbeat([a], 1);
  kv.fail("connect ECONNREFUSED");
  await a.put(service, two, 30);
  await assert.rejects(a.put(service, endpoint("10.0.0.3:1"), 0), /nothing was changed.*ECONNREFUSED/);
  await assert.rejects(a.remove(service, one.id), /nothing was changed/);
  const end = performance.now() + 3_000;
  await until(() => performance.now() > end, "three lease times pass");
  assert.equal(ids(b).length, 1, "b has not heard it, but could not");
  kv.fail(undefined);
  await until(() => ids(b).length === 2, "b is told of the new one");
  assert.equal(a.list().length, 2);
  assert.deepEqual(
    b.notes.map(({ kind }) => kind).filter((kind) => kind === "lease-expired"),
    [],
  );
});

test("jumps of the wall clock end nothing and give nothing more", async () => {
  const kv = createMemoryKv();
  await using place = await mkdtempDisposable(join(tmpdir(), "weir-registry-"));
  let offsetMs = 0;
  await using a = await replica(kv, join(place.path, "a"), () => new Date(Date.now() + offsetMs));
  await using b = await replica(kv, join(place.path, "b"));
  await a.put(service, one, 1);
  await until(() => ids(b).length === 1, "b knows it");
  {
    using _beating = heartbeat([a, b], 1);
    for (const jump of [3_600_000, -3_600_000, 86_400_000]) {
      offsetMs = jump;
      const end = performance.now() + 1_200;
      await until(() => performance.now() > end || ids(a).length + ids(b).length < 2, "more than a lease time passes");
      assert.deepEqual([ids(a).length, ids(b).length], [1, 1]);
    }
  }
  await until(() => ids(a).length === 0 && ids(b).length === 0, "it is gone at both");
});

test("a restart brings back what others know, and without the store what was known before", async () => {
  await using both = await pair();
  const { a, b, kv, dirs } = both;
  await a.put(service, one, 30);
  await a.put(service, two, 0);
  await until(() => ids(b).length === 2, "b knows both");
  await b[Symbol.asyncDispose]();
  await a.remove(service, two.id);
  {
    await using again = await replica(kv, dirs[1]);
    assert.deepEqual(ids(again), ["10.0.0.1:1 serving"]);
  }
  kv.fail("connect ECONNREFUSED");
  await using blind = await replica(kv, dirs[1]);
  assert.deepEqual(ids(blind), ["10.0.0.1:1 serving"]);
});

test("a replica that knows nothing and cannot ask does not say that there is nothing", async () => {
  const kv = createMemoryKv();
  kv.fail("connect ECONNREFUSED");
  await using place = await mkdtempDisposable(join(tmpdir(), "weir-registry-"));
  await using a = await replica(kv, place.path);
  const stop = new AbortController();
  const sightings = a.watch(registryFeed("report"), stop.signal)[Symbol.asyncIterator]();
  assert.equal((await sightings.next()).value?.kind, "failed");
  kv.fail(undefined);
  const nobody = { kind: "seen", endpoints: [], skipped: [], withdrawn: new Set() };
  assert.deepEqual((await sightings.next()).value, nobody);
  stop.abort();
  await a[Symbol.asyncDispose]();
  kv.fail("connect ECONNREFUSED");
  await using again = await replica(kv, place.path);
  const later = again.watch(registryFeed("report"), AbortSignal.timeout(5_000))[Symbol.asyncIterator]();
  assert.deepEqual((await later.next()).value, nobody);
});

test("a registry that was alone brings its instances along", async () => {
  const kv = createMemoryKv();
  await using place = await mkdtempDisposable(join(tmpdir(), "weir-registry-"));
  {
    const alone = { dir: join(place.path, "a"), now: () => new Date(), monotonicMs: () => performance.now() };
    await using before = await createRegistry({ ...alone, observe: () => {} });
    await before.put(service, one, 30);
    await before.put(service, two, 0);
  }
  await using a = await replica(kv, join(place.path, "a"));
  await using b = await replica(kv, join(place.path, "b"));
  assert.equal(ids(a).length, 2);
  await until(() => ids(b).length === 2, "b knows both");
});

test("a store that lost everything, or was damaged, is told again who is there", async () => {
  await using both = await pair();
  const { a, b, kv } = both;
  await a.put(service, one, 30);
  await b.put(service, two, 0);
  await until(() => ids(a).length === 2 && ids(b).length === 2, "both know both");
  kv.wipe();
  const members = async () => (await kv.keys("weir/registry/members/", AbortSignal.timeout(5_000))).length;
  let found = 0;
  await until(() => {
    void members().then((count) => {
      found = count;
    });
    return found === 2;
  }, "both are in the store again");
  assert.deepEqual([ids(a).length, ids(b).length], [2, 2]);
  const [key = ""] = await kv.keys("weir/registry/members/", AbortSignal.timeout(5_000));
  await kv.write([{ kind: "put", key, value: Buffer.from("oops") }], AbortSignal.timeout(5_000));
  await until(() => [...a.notes, ...b.notes].some(({ kind }) => kind === "registry-unshared"), "it is told of");
  await a.put(service, endpoint("10.0.0.9:1"), 0);
  await until(() => ids(b).length === 3, "b knows the third");
  assert.equal(ids(a).length, 3);
});
