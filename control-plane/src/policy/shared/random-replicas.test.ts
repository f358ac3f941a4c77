import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StoreUnavailable } from "../../lib/store-unavailable.ts";
import { createMemoryKv } from "../../store/memory-kv.ts";
import type { PolicyStore } from "../policy-store.ts";
import { change, put, service, temporaryDirectory } from "../testing.ts";
import { createSharedPolicyStore } from "./shared-policy-store.ts";

const names = ["report", "billing", "search"];
const seeds = [1, 2, 3, Math.floor(Math.random() * 1e6)];

/** Of a seed always the same numbers (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A store whose calls come late, are refused, or are done without an answer, until it is healed. */
function unreliable(random: () => number) {
  const kv = createMemoryKv();
  const { read, write } = kv;
  let healed = false;
  const later = () => new Promise((resolve) => setTimeout(resolve, random() * 3));
  kv.write = async (writes, signal) => {
    if (healed) return write(writes, signal);
    await later();
    if (random() < 0.05) throw new Error("refused");
    const index = await write(writes, signal);
    await later();
    if (random() < 0.05) throw new Error("the answer was lost");
    return index;
  };
  kv.read = async (question, signal) => {
    if (!healed && random() < 0.05) throw new Error("no answer");
    return read(question, signal);
  };
  return Object.assign(kv, {
    heal() {
      healed = true;
    },
  });
}

const portOf = (store: PolicyStore, name: string) =>
  (store.get("Service", name)?.document["spec"] as { port?: number } | undefined)?.port ?? 0;

/** Adds one to a random service's port, again and again; an ETag says which port it was. */
async function count(store: PolicyStore, times: number, random: () => number) {
  const counted = { done: 0, unknown: 0 };
  for (let round = 0; round < times; round++) {
    const name = names[Math.floor(random() * names.length)] ?? "";
    const { etag = "" } = store.get("Service", name) ?? {};
    try {
      const outcome = await store.change(change(put(service(name, { port: portOf(store, name) + 1 }), { etag })));
      if (outcome.kind === "done") counted.done++;
      else assert.ok(outcome.kind === "outdated" || outcome.kind === "overtaken", JSON.stringify(outcome));
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable, String(error));
      counted.unknown++;
    }
  }
  return counted;
}

for (const seed of seeds)
  test(`three replicas on a store that fails lose no change that they confirmed, and make none twice (seed ${seed})`, async () => {
    const random = randomOf(seed);
    const kv = unreliable(random);
    await using place = await temporaryDirectory();
    await using stores = new AsyncDisposableStack();
    const open = (name: string) =>
      createSharedPolicyStore({
        ...{ kv, prefix: "weir", dir: join(place.dir, name), observe: () => {} },
        ...{ now: () => new Date(), monotonicMs: () => performance.now() },
      });
    const replicas = (await Promise.all(["a", "b", "c"].map(open))).map((store) => stores.use(store));
    const [first] = replicas;
    assert.ok(first);
    let isBegun = false;
    while (!isBegun)
      isBegun = await first.change(change(...names.map((name) => put(service(name, { port: 1 }))))).then(
        ({ kind }) => kind === "done",
        () => false,
      );

    const watched = AbortSignal.timeout(60_000);
    const wentBack: string[] = [];
    for (const store of replicas)
      void (async () => {
        let newest = 0;
        for await (const { revision } of store.books.changes(watched)) {
          if (revision < newest) wentBack.push(`r${newest} -> r${revision}`);
          newest = revision;
        }
      })();
    const begun = async (store: PolicyStore) => {
      for await (const { revision } of store.books.changes(watched)) if (revision >= 1) return;
    };
    await Promise.all(replicas.map(begun));
    const counts = await Promise.all(replicas.map((store) => count(store, 40, random)));
    kv.heal();
    // Each replica looks at the store before it says that nothing changes.
    for (const store of replicas) await store.change(change(put(service("last"))));

    const done = counts.reduce((sum, each) => sum + each.done, 0);
    const unknown = counts.reduce((sum, each) => sum + each.unknown, 0);
    const added = names.reduce((sum, name) => sum + portOf(first, name) - 1, 0);
    assert.ok(added >= done && added <= done + unknown, `${done} confirmed, ${unknown} unknown, ${added} made`);
    assert.ok(done > 0);
    const revision = first.books.current()?.revision ?? 0;
    assert.equal(revision, added + 2, "a revision for each, and for the first and the last change");
    for (const store of replicas) {
      assert.equal(store.books.current()?.revision, revision);
      for (const name of names) assert.deepEqual(store.get("Service", name), first.get("Service", name));
    }
    assert.deepEqual(wentBack, []);
  });
