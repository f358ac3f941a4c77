import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StoreUnavailable } from "../../lib/store-unavailable.ts";
import type { Kv } from "../../store/kv.ts";
import { createMemoryKv, type MemoryKv } from "../../store/memory-kv.ts";
import { parseDocument } from "../documents/parse-document.ts";
import { createFilePolicyStore } from "../file-policy-store.ts";
import type { ChangeOutcome, PolicyNote, PolicyStore } from "../policy-store.ts";
import { change, noon, put, service, split, temporaryDirectory } from "../testing.ts";
import { verifyJournal } from "../verify-journal.ts";
import { createSharedPolicyStore } from "./shared-policy-store.ts";

async function replica(kv: Kv, dir: string) {
  const notes: PolicyNote[] = [];
  const observe = (note: PolicyNote) => void notes.push(note);
  const store = await createSharedPolicyStore({
    kv,
    prefix: "weir",
    dir,
    observe,
    now: () => noon,
    monotonicMs: () => performance.now(),
  });
  return Object.assign(store, { notes });
}

/** Two replicas of one store. */
async function pair() {
  const kv = createMemoryKv();
  const place = await temporaryDirectory();
  const dirs = [join(place.dir, "a"), join(place.dir, "b")] as const;
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

function done(outcome: ChangeOutcome) {
  assert.equal(outcome.kind, "done", JSON.stringify(outcome));
  return outcome.kind === "done" ? outcome : assert.fail();
}

async function holds(store: PolicyStore, revision: number): Promise<void> {
  for await (const book of store.books.changes(AbortSignal.timeout(5_000))) if (book.revision >= revision) return;
  assert.fail(`r${revision} did not come: ${JSON.stringify(store.status())}`);
}

async function until(condition: () => boolean): Promise<void> {
  // A watch may wait out its 10 s on an index that a wiped store does not come to.
  const end = performance.now() + 20_000;
  while (!condition()) {
    assert.ok(performance.now() < end, `not in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function filed(document: unknown, file = "report.yaml") {
  const result = parseDocument(document);
  assert.ok(result.ok, JSON.stringify(result));
  return { file, document: result.value };
}

const port = (store: PolicyStore, name = "report") =>
  (store.get("Service", name)?.document["spec"] as { port?: number } | undefined)?.port;

test("a change through one replica is in force in the other, with the same etag, author and journal", async () => {
  await using both = await pair();
  const { a, b } = both;
  done(await a.change(change(put(service("report")), put(split("report", { rules: [{ to: { "dc-a": 100 } }] })))));
  await holds(b, 1);
  assert.deepEqual(b.get("TrafficSplit", "report"), a.get("TrafficSplit", "report"));
  assert.deepEqual(b.books.current(), a.books.current());
  done(await b.change(change(put(service("other")))));
  await holds(a, 2);
  await until(() => a.journal(9).length === 2);
  assert.deepEqual(a.journal(9), b.journal(9));
});

test("the entries of all replicas are one chain, whoever wrote them and however often one was overtaken", async () => {
  await using both = await pair();
  const { a, b } = both;
  for (let round = 0; round < 4; round++) {
    const outcomes = [a, b].map((store, at) => store.change(change(put(service(`report-${at}`, { port: 1 + round })))));
    for (const outcome of await Promise.all(outcomes)) done(outcome);
  }
  await until(() => a.journal(9).length === 8 && b.journal(9).length === 8);
  for (const store of [a, b]) {
    const verdict = verifyJournal(
      store
        .journal(9)
        .toReversed()
        .map((entry) => JSON.stringify(entry)),
    );
    assert.deepEqual([verdict.problems, verdict.withoutHash, verdict.entries], [[], 0, 8]);
    assert.equal(verdict.head?.hash, a.journal(1)[0]?.hash);
  }
});

test("what did not change stays the very same object when another replica changes something", async () => {
  await using both = await pair();
  const { a, b } = both;
  done(await a.change(change(put(service("report")), put(service("other")))));
  await holds(b, 1);
  const before = b.books.current();
  done(await a.change(change(put(service("other", { hosts: ["elsewhere"] })))));
  await holds(b, 2);
  const [kept, changed] = ["report", "other"].map((name) =>
    [...(before?.services ?? [])].find(([each]) => each === name),
  );
  assert.ok(kept && changed);
  assert.equal(b.books.current()?.services.get(kept[0]), kept[1]);
  assert.notEqual(b.books.current()?.services.get(changed[0]), changed[1]);
});

test("an older plan that comes to be written late is refused, and one about another document is not", async () => {
  await using both = await pair();
  const { kv, a, b } = both;
  done(await a.change(change(put(service("report", { port: 1 })), put(service("other")))));
  await holds(b, 1);

  const held = holdNextHead(kv);
  const late = a.change(change(put(service("report", { port: 2 }))));
  await held.reached;
  done(await b.change(change(put(service("report", { port: 3 })))));
  held.release();
  const outcome = await late;
  assert.deepEqual(outcome, {
    ...{ kind: "overtaken", documentKind: "Service", name: "report" },
    ...{ base: 1, by: "ana", revision: 2 },
  });
  assert.equal(port(a), 3);

  const again = holdNextHead(kv);
  const other = a.change(change(put(service("other", { port: 9 }))));
  await again.reached;
  done(await b.change(change(put(service("report", { port: 4 })))));
  again.release();
  assert.equal(done(await other).revision, 4);
  await holds(b, 4);
  assert.deepEqual([port(b), port(b, "other")], [4, 9]);
});

test("replicas that all write at once get one revision each and lose nothing", async () => {
  await using both = await pair();
  const { a, b } = both;
  const names = Array.from({ length: 12 }, (_, index) => `service-${index}`);
  const outcomes = await Promise.all(names.map((name, index) => [a, b][index % 2]?.change(change(put(service(name))))));
  const revisions = outcomes.map((outcome) => (outcome ? done(outcome).revision : 0));
  assert.deepEqual(
    revisions.toSorted((x, y) => x - y),
    names.map((_, index) => index + 1),
  );
  await holds(a, 12);
  assert.equal(a.list("Service").length, 12);
});

test("thousands of documents in one change are in force as one, or not at all", async () => {
  await using both = await pair();
  const { kv, a, b } = both;
  const many = Array.from({ length: 2_000 }, (_, index) => put(service(`service-${index}`, { port: 1 + index })));
  done(await a.change(change(...many)));
  await holds(b, 1);
  assert.equal(b.list("Service").length, 2_000);
  assert.deepEqual(b.books.current(), a.books.current());
  let writes = 0;
  kv.beforeWrite = async () => {
    if (++writes === 1) throw new Error("the connection broke");
  };
  await assert.rejects(a.change(change(...many.map((_, index) => put(service(`service-${index}`))))), StoreUnavailable);
  assert.equal(a.books.current()?.revision, 1);
  assert.equal(port(a, "service-7"), 8);
});

test("while the store is away reads go on, over a restart too, and changes are refused with what to do", async () => {
  await using both = await pair();
  const { kv, a, b, dirs } = both;
  done(await a.change(change(put(service("report", { port: 1 })))));
  await until(() => b.journal(9).length === 1);
  kv.fail("connect ECONNREFUSED");
  await assert.rejects(a.change(change(put(service("report", { port: 2 })))), (error: Error) => {
    assert.ok(error instanceof StoreUnavailable);
    assert.match(error.message, /nothing was changed.*ECONNREFUSED.*r1 stays in force.*Repeat/);
    return true;
  });
  assert.equal(a.status().state, "away");
  assert.equal(port(a), 1);
  await b[Symbol.asyncDispose]();
  {
    await using again = await replica(kv, dirs[1]);
    assert.equal(port(again), 1);
    assert.equal(again.books.current()?.revision, 1);
    assert.deepEqual(
      again.journal(9).map(({ revision }) => revision),
      [1],
    );
    kv.fail(undefined);
    await until(() => again.status().state === "current");
    done(await again.change(change(put(service("report", { port: 3 })))));
  }
  await holds(a, 2);
  assert.equal(port(a), 3);
  assert.deepEqual(
    a.notes.map(({ kind }) => kind).filter((kind) => kind.startsWith("store-")),
    ["store-away", "store-back"],
  );
});

test("a replica without a copy whose store is away knows nothing, says so, and does not serve", async () => {
  const kv = createMemoryKv();
  kv.fail("connect ECONNREFUSED");
  await using place = await temporaryDirectory();
  await using store = await replica(kv, place.dir);
  assert.equal(store.books.current(), undefined);
  assert.equal(store.status().isKnown, false);
  assert.throws(() => store.list("Service"), /not known yet.*ECONNREFUSED/);
  kv.fail(undefined);
  await holds(store, 0);
  assert.deepEqual(store.list("Service"), []);
});

test("a change whose answer is lost is found out about, not made twice", async () => {
  await using both = await pair();
  const { kv, a } = both;
  const { write } = kv;
  const lossy: Kv = {
    ...kv,
    async write(writes, signal) {
      await write(writes, signal);
      throw new Error("the answer broke off");
    },
  };
  done(await a.change(change(put(service("report", { port: 1 })))));
  kv.write = async (writes, signal) => {
    const isHead = writes.some(({ key }) => key === "weir/head");
    return isHead ? lossy.write(writes, signal) : write(writes, signal);
  };
  assert.equal(done(await a.change(change(put(service("report", { port: 2 }))))).revision, 2);
  kv.write = write;
  assert.equal(done(await a.change(change(put(service("report", { port: 3 }))))).revision, 3);
});

test("a damaged head or document is reported, what was in force stays, and writing waits until it is mended", async () => {
  await using both = await pair();
  const { kv, a, b } = both;
  done(await a.change(change(put(service("report", { port: 1 })))));
  await holds(b, 1);
  const signal = AbortSignal.timeout(10_000);
  const [head] = (await kv.read({ key: "weir/head" }, signal)).entries;
  assert.ok(head);
  await kv.write([{ kind: "put", key: "weir/head", value: Buffer.from("oops") }], signal);
  await until(() => b.status().state === "damaged");
  assert.equal(port(b), 1);
  await assert.rejects(
    b.change(change(put(service("report", { port: 2 })))),
    /cannot be right.*weir\/head.*stays in force/,
  );
  await kv.write([{ kind: "put", key: "weir/head", value: head.value }], signal);
  await until(() => b.status().state === "current");
  done(await b.change(change(put(service("report", { port: 2 })))));
  await holds(a, 2);
  assert.equal(b.notes.filter(({ kind }) => kind === "store-damaged").length, 1);
});

test("a store that lost everything is given back what is in force", async () => {
  await using both = await pair();
  const { kv, a, b } = both;
  done(await a.change(change(put(service("report", { port: 1 })))));
  await holds(b, 1);
  kv.wipe();
  await until(() => [...a.notes, ...b.notes].some(({ kind }) => kind === "store-put-back"));
  await until(() => a.status().state === "current" && b.status().state === "current");
  assert.deepEqual([port(a), port(b)], [1, 1]);
  assert.equal(done(await b.change(change(put(service("report", { port: 2 }))))).revision, 2);
  await holds(a, 2);
  await using place = await temporaryDirectory();
  await using fresh = await replica(kv, place.dir);
  assert.equal(port(fresh), 2);
  assert.deepEqual(
    fresh.journal(9).map(({ revision }) => revision),
    [2, 1],
  );
});

test("an older copy that is restored under a running replica changes nothing until an operator decides", async () => {
  await using both = await pair();
  const { kv, a, b } = both;
  const signal = AbortSignal.timeout(10_000);
  done(await a.change(change(put(service("report", { port: 1 })))));
  const old = (await kv.read({ key: "weir/", below: true }, signal)).entries;
  done(await a.change(change(put(service("report", { port: 2 })))));
  await holds(b, 2);
  await kv.write(
    old.map(({ key, value }) => ({ kind: "put" as const, key, value })),
    signal,
  );
  await until(() => b.status().state === "damaged");
  assert.match(b.status().cause ?? "", /went back from r2 .* to r1 .*delete that key/);
  assert.equal(port(b), 2);
  await kv.write([{ kind: "delete", key: "weir/head" }], signal);
  await until(() => a.status().state === "current" && b.status().state === "current");
  assert.equal(done(await a.change(change(put(service("report", { port: 3 }))))).revision, 3);
  await holds(b, 3);
});

test("a process that was alone brings its documents along into a store that is empty, and only into such", async () => {
  await using place = await temporaryDirectory();
  const dir = join(place.dir, "a");
  {
    await using alone = await createFilePolicyStore({ dir, observe: () => {}, now: () => noon });
    done(await alone.applyDirectory([filed(service("report", { port: 1 }))]));
    done(await alone.change(change(put(service("report", { port: 2 })))));
  }
  const kv = createMemoryKv();
  await using b = await replica(kv, join(place.dir, "b"));
  {
    await using a = await replica(kv, dir);
    await holds(b, 2);
    assert.deepEqual([port(a), port(b)], [2, 2]);
    assert.equal(done(await a.applyDirectory([filed(service("report", { port: 1 }))])).revision, 2);
    done(await b.change(change(put(service("report", { port: 3 })))));
  }
  await using again = await replica(kv, dir);
  assert.equal(port(again), 3);
});

test("a change is in force once it is written, though nothing that is left over can be removed", async () => {
  const kv = createMemoryKv();
  await using place = await temporaryDirectory();
  const asked = Promise.withResolvers<void>();
  const keys: Kv["keys"] = (_prefix, signal) => {
    asked.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  await using a = await replica({ ...kv, keys }, place.dir);
  done(await a.change(change(put(service("report", { port: 2 })))));
  await asked.promise;
  assert.deepEqual([port(a), a.books.current()?.revision], [2, 1]);
});

test("what no head names any more is removed", async () => {
  await using both = await pair();
  const { kv, a } = both;
  for (let port = 1; port <= 5; port++) done(await a.change(change(put(service("report", { port })))));
  const inTime = AbortSignal.timeout(5_000);
  while ((await kv.keys("weir/blobs/", inTime)).length !== 2) {
    inTime.throwIfAborted();
    await new Promise(setImmediate);
  }
});

test("replicas with the same directory apply a change of it once, whoever sees it first", async () => {
  await using both = await pair();
  const { a, b } = both;
  const [one, two, three] = [1, 2, 3].map((port) => [filed(service("report", { port }))]);
  assert.ok(one && two && three);
  assert.equal(done(await a.applyDirectory(one)).revision, 1);
  assert.equal(done(await b.applyDirectory(one)).revision, 1);
  assert.equal(done(await a.applyDirectory(two)).revision, 2);
  // b's directory still has the old content, and gets the next one only after a has gone on.
  assert.equal(done(await b.applyDirectory(one)).revision, 2);
  assert.equal(done(await a.applyDirectory(three)).revision, 3);
  assert.equal(done(await b.applyDirectory(two)).revision, 3);
  assert.equal(b.notes.at(-1)?.kind, "directory-behind");
  assert.equal(done(await b.applyDirectory(three)).revision, 3);
  assert.equal(port(b), 3);
  // Going back is a change too, and the other one follows.
  assert.equal(done(await b.applyDirectory(two)).revision, 4);
  assert.equal(done(await a.applyDirectory(three)).revision, 4);
  assert.equal(done(await a.applyDirectory(two)).revision, 4);
  assert.equal(port(a), 2);
});

test("what the API set stays over every replica's look at its directory, until the file changes", async () => {
  await using both = await pair();
  const { a, b, kv, dirs } = both;
  const file = [filed(service("report", { port: 1 }))];
  done(await a.applyDirectory(file));
  done(await b.applyDirectory(file));
  done(await a.change(change(put(service("report", { port: 7 })))));
  assert.equal(done(await b.applyDirectory(file)).revision, 2);
  await b[Symbol.asyncDispose]();
  await using again = await replica(kv, dirs[1]);
  assert.equal(done(await again.applyDirectory(file)).revision, 2);
  await using place = await temporaryDirectory();
  await using fresh = await replica(kv, place.dir);
  assert.equal(done(await fresh.applyDirectory(file)).revision, 2);
  assert.equal(port(fresh), 7);
});

test("a document that leaves one replica's directory is deleted once, and a late directory does not bring it back", async () => {
  await using both = await pair();
  const { a, b, kv } = both;
  const file = [filed(service("report", { port: 1 })), filed(service("other"), "other.yaml")];
  done(await a.applyDirectory(file));
  done(await b.applyDirectory(file));
  done(await a.applyDirectory(file.slice(1)));
  assert.equal(done(await b.applyDirectory(file)).revision, 2);
  await using place = await temporaryDirectory();
  await using fresh = await replica(kv, place.dir);
  assert.equal(done(await fresh.applyDirectory(file)).revision, 2);
  assert.equal(fresh.get("Service", "report"), undefined);
  assert.equal(done(await b.applyDirectory(file.slice(1))).revision, 2);
});

/** Stops the next write of a head until it is released. */
function holdNextHead(kv: MemoryKv) {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const { write } = kv;
  kv.write = async (writes, signal) => {
    if (!writes.some(({ key }) => key === "weir/head")) return write(writes, signal);
    kv.write = write;
    reached.resolve();
    await released.promise;
    return write(writes, signal);
  };
  return { reached: reached.promise, release: released.resolve };
}
