import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../test/kit/wait.ts";
import type { Broker } from "../../src/broker/broker.ts";
import type { BrokerNote } from "../../src/broker/broker-note.ts";
import type { Report } from "../../src/model/report.ts";
import { connectServer, type OpenDatabase, openSqliteDatabase, type ServerParts } from "./broker-place.ts";
import { type Connected, claimant, create, never, report, roomy } from "./place.ts";

/** A broker's process and what to do to it, with topics or queues that nobody has used. */
export type BrokerUnderTest = {
  connect(observe: (note: BrokerNote) => void): Broker;
  /** Puts a text where messages of that lane are, as somebody else might. */
  put(lane: { readonly cluster: string; readonly priority: "standard" }, text: string): Promise<void>;
  /** As a process that is killed, and started again with what it had on disk. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
};

// So that only messages lead to reports.
const neverLook = { idleMs: Number.POSITIVE_INFINITY, busyMs: Number.POSITIVE_INFINITY };
const patienceMs = 90_000;

/** What a `Broker` must give to the queue over it, which here never looks into the store by itself. */
export function provesBroker(
  name: string,
  open: () => BrokerUnderTest,
  openDatabase: OpenDatabase = openSqliteDatabase,
): void {
  const prove = (title: string, run: (under: BrokerUnderTest, place: Servers) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const under = open();
      await using place = await servers(under, openDatabase);
      await run(under, place);
    });

  prove("messages alone bring each report to one worker, and then the broker has none", async (_, { connect }) => {
    const [one, two] = [await connect(), await connect()];
    const creations = Array.from({ length: 90 }, (_, index) => {
      const priority = (["interactive", "standard", "bulk"] as const)[index % 3] ?? "bulk";
      return { report: report(`r${index}`, index, { priority }) };
    });
    await one.reports.create(creations, roomy);
    const claimed = await claimAll([one, two], 90);
    assert.equal(new Set(claimed.map(({ id }) => id)).size, 90);
    await until(async () => (await one.queue.backlog()).undelivered === 0, { within: patienceMs, what: "no backlog" });
    assert.equal((await one.queue.backlog()).unpublished, 0);
  });

  prove("what a server has in hand when it ends is given to another one", async (_, { connect }) => {
    const one = await connect();
    for (let index = 0; index < 10; index += 1) await create(one.reports, report(`r${index}`, index));
    await one.queue.wait("sql", never);
    await one[Symbol.asyncDispose]();
    const two = await connect();
    const claimed = await claimAll([two], 10);
    assert.equal(new Set(claimed.map(({ id }) => id)).size, 10);
  });

  prove("a message whose claim the database does not commit is not done", async (_, { connect }) => {
    const failing = await connect({
      openOutbox: (store) => async () => ({
        ...(await store.openOutbox()),
        claim: () => Promise.reject(new Error("the disk is full")),
      }),
    });
    await create(failing.reports, report("a", 1));
    await failing.queue.wait("sql", never);
    for (let time = 0; time < 3; time += 1) {
      await assert.rejects(() => failing.queue.claim(claimant, 1, 10), /the disk is full/);
    }
    await failing[Symbol.asyncDispose]();
    const two = await connect();
    assert.deepEqual(await claimAll([two], 1).then((claimed) => claimed.map(({ id }) => id)), ["a"]);
  });

  prove("what was published outlives the broker's crash, and what is queued then follows it", async (under, place) => {
    const notes: string[] = [];
    const one = await place.connect({ observe: ({ kind }) => void notes.push(kind) });
    for (let index = 0; index < 20; index += 1) await create(one.reports, report(`a${index}`, index));
    await until(async () => (await one.queue.backlog()).unpublished === 0, { within: patienceMs, what: "all sent" });
    await under.crash();
    for (let index = 0; index < 20; index += 1) await create(one.reports, report(`b${index}`, index));
    await until(() => notes.includes("publishing-failed"), { within: patienceMs, what: "a note of the broker's end" });
    await under.restart();
    const claimed = await claimAll([one], 40);
    assert.equal(new Set(claimed.map(({ id }) => id)).size, 40);
    assert.ok(notes.includes("published-again"));
  });

  prove("a broker that halts for a while holds nobody up who creates", async (under, { connect }) => {
    const one = await connect();
    await create(one.reports, report("first", 0));
    await claimAll([one], 1);
    under.freeze();
    try {
      const before = performance.now();
      for (let index = 0; index < 20; index += 1) await create(one.reports, report(`r${index}`, index));
      assert.ok(performance.now() - before < 5_000);
    } finally {
      under.thaw();
    }
    const claimed = await claimAll([one], 20);
    assert.equal(new Set(claimed.map(({ id }) => id)).size, 20);
  });

  prove("servers that come and go share the messages, and no report is given twice", async (_, { connect }) => {
    const total = 240;
    const first = await connect();
    const claimed: Report[] = [];
    const work = async (server: Connected, leaving: AbortSignal) => {
      while (claimed.length < total && !leaving.aborted) {
        const found = await server.queue.claim(claimant, 3, 10);
        claimed.push(...found);
        if (found.length === 0) await server.queue.wait("sql", AbortSignal.any([leaving, AbortSignal.timeout(500)]));
      }
    };
    const leaving = new AbortController();
    let writer = first;
    let hasLetGo = false;
    const writing = (async () => {
      for (let index = 0; index < total; index += 3) {
        const some = [0, 1, 2].map((more) => ({ report: report(`r${index + more}`, index) }));
        hasLetGo ||= writer !== first;
        await writer.reports.create(some, roomy);
        await until(() => claimed.length > index - 60, { within: patienceMs, what: "workers that keep up" });
      }
      hasLetGo = true;
    })();
    const working = work(first, leaving.signal);
    await until(() => claimed.length > 40, { within: patienceMs, what: "a first server at work" });
    const second = await connect();
    writer = second;
    const also = work(second, AbortSignal.timeout(patienceMs));
    const goesOn = () => claimed.length > 120 && hasLetGo;
    await until(goesOn, { within: patienceMs, what: "two servers at work" });
    leaving.abort();
    await working;
    // What it has in hand, and what is still brought to it, is for the other one only once it has gone.
    await first[Symbol.asyncDispose]();
    await writing;
    await also;
    assert.equal(claimed.length, total);
    assert.equal(new Set(claimed.map(({ id }) => id)).size, total);
  });

  prove("a message that is none of ours is passed over and told of", async (under, { connect }) => {
    const notes: string[] = [];
    const one = await connect({ observe: ({ kind }) => void notes.push(kind) });
    await create(one.reports, report("a", 1));
    await claimAll([one], 1);
    await under.put({ cluster: "sql", priority: "standard" }, "{");
    await create(one.reports, report("b", 1));
    assert.deepEqual(await claimAll([one], 1).then((claimed) => claimed.map(({ id }) => id)), ["b"]);
    assert.deepEqual(
      notes.filter((kind) => kind === "message-unreadable"),
      ["message-unreadable"],
    );
  });
}

type Server = Awaited<ReturnType<typeof connectServer>>;
type Servers = { connect(parts?: ServerParts): Promise<Server> } & AsyncDisposable;

/** Servers over one database; each of them may be ended early. */
async function servers(under: BrokerUnderTest, openDatabase: OpenDatabase): Promise<Servers> {
  const database = await openDatabase();
  const open = new Set<Server>();
  return {
    async connect({ observe = () => undefined, ...parts } = {}) {
      const broker = under.connect(observe);
      const server = await connectServer(database.address, broker, {
        looks: neverLook,
        observe,
        ...parts,
      });
      // The first claim of a server looks into the store: here nothing waits yet.
      await server.queue.claim(claimant, 0, 0);
      const end = server[Symbol.asyncDispose];
      const kept = {
        ...server,
        async [Symbol.asyncDispose]() {
          if (open.delete(kept)) await end();
        },
      };
      open.add(kept);
      return kept;
    },
    async [Symbol.asyncDispose]() {
      for (const server of open) await server[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function claimAll(at: readonly Connected[], count: number): Promise<readonly Report[]> {
  const claimed: Report[] = [];
  await until(
    async () => {
      for (const { queue } of at) claimed.push(...(await queue.claim(claimant, count - claimed.length, 10)));
      return claimed.length >= count;
    },
    { within: patienceMs, what: `${count} reports claimed` },
  );
  return claimed;
}
