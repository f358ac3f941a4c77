import assert from "node:assert/strict";
import { test } from "node:test";
import type { TenantId } from "../../src/model/names.ts";
import type { HasOutbox, Lane, Outbox, Waiting } from "../../src/ports/outbox.ts";
import { type Connected, cancel, claimant, create, never, report, request, roomy } from "./place.ts";

export type OutboxServer = Connected & HasOutbox;

/** An empty database of the provider under test. */
export type OpenOutboxPlace = () => Promise<{ connect(): Promise<OutboxServer> } & AsyncDisposable>;

/** What every provider of `Outbox` must do, over the reports of the same database. */
export function provesOutbox(name: string, open: OpenOutboxPlace): void {
  const prove = (title: string, run: () => Promise<void>) => test(`${name}: ${title}`, run);

  prove("what is created enters the outbox and is relayed once, in order, whichever server wrote it", async () => {
    await using servers = await twoServers(open);
    const { one, two, outbox } = servers;
    await create(one.reports, report("a", 1));
    await two.reports.create([{ report: report("b", 2, { cluster: "python", priority: "bulk" }) }], roomy);
    assert.equal(await outbox.length(), 2);
    const seen: Waiting[] = [];
    const count = await outbox.relay(async (entries) => void seen.push(...entries), 9, 10);
    assert.equal(count, 2);
    assert.deepEqual(
      seen.map(({ tenant, id, cluster, priority }) => [tenant, id, cluster, priority].join(" ")),
      ["acme a sql standard", "acme b python bulk"],
    );
    assert.equal(await relayed(outbox), "");
    assert.equal(await outbox.length(), 0);
  });

  prove("what is answered by another report, or turned away, enters nothing", async () => {
    await using servers = await twoServers(open);
    const { one, outbox } = servers;
    await create(one.reports, report("a", 1, { contentKey: "same" }), { request, reuseSinceMs: 0 });
    await create(one.reports, report("b", 2), { request });
    await create(one.reports, report("c", 3, { contentKey: "same" }), { reuseSinceMs: 0 });
    await create(one.reports, report("a", 4));
    await create(one.reports, report("d", 5), {}, { queue: 1, tenant: 1 });
    assert.equal(await relayed(outbox), "a");
  });

  prove("what is queued again enters again, and no other change does", async () => {
    await using servers = await twoServers(open);
    const { one, two, outbox } = servers;
    for (const id of ["a", "b", "c", "d"]) await create(one.reports, report(id, 1));
    await relayed(outbox);
    await outbox.claim([report("a", 1), report("b", 1), report("c", 1)], claimant, 10);
    await one.reports.changeAll(
      [
        { key: report("a", 1), change: { kind: "hand-back", attempt: 1 } },
        { key: report("b", 1), change: { kind: "lose", attempt: 1, message: "gone" } },
        { key: report("c", 1), change: { kind: "renew", attempt: 1, leaseMs: 1_000 } },
        { key: report("c", 1), change: { kind: "succeed", attempt: 1, artifacts: [] } },
      ],
      20,
    );
    await two.reports.change(report("d", 1), cancel, 20);
    assert.equal(await relayed(outbox), "a b");
    await two.reports.change(report("d", 1), { kind: "retry", requestId: "" }, 30);
    assert.equal(await relayed(outbox), "d");
  });

  prove("what could not be published is given again, and at most as many as asked for at once", async () => {
    await using servers = await twoServers(open);
    const { one, outbox } = servers;
    for (const id of ["a", "b", "c"]) await create(one.reports, report(id, 1));
    const broken = outbox.relay(() => Promise.reject(new Error("no broker")), 2, 10);
    await assert.rejects(broken, /no broker/);
    assert.equal(await relayed(outbox, 2, 11), "a b");
    assert.equal(await relayed(outbox, 2, 12), "c");
  });

  prove("relays at once share the entries and publish none twice", async () => {
    await using servers = await twoServers(open);
    const { one, two, outbox } = servers;
    const other = await two.openOutbox();
    const reports = Array.from({ length: 90 }, (_, index) => ({ report: report(`r${index}`, index) }));
    await one.reports.create(reports, roomy);
    const seen: string[] = [];
    // Each relay is in the middle of publishing while the others take theirs.
    const publish = async (entries: readonly Waiting[]) => {
      await new Promise(setImmediate);
      seen.push(...entries.map(({ id }) => id));
      return undefined;
    };
    for (let left = 90; left > 0; ) {
      const some = await Promise.all([outbox, other, outbox, other].map((each) => each.relay(publish, 10, 100)));
      left -= some.reduce((sum, count) => sum + count, 0);
    }
    assert.equal(seen.length, 90);
    assert.equal(new Set(seen).size, 90);
  });

  prove("what is refused stands aside, and is given apart, in order, until it is published", async () => {
    await using servers = await twoServers(open);
    const { one, two, outbox } = servers;
    const other = await two.openOutbox();
    const bulk = { cluster: "sql", priority: "bulk" } as const;
    const others = { cluster: "python", priority: "bulk" } as const;
    for (const [at, id] of ["a", "b", "c"].entries()) await create(one.reports, report(id, at, bulk));
    await create(one.reports, report("d", 4));
    await create(one.reports, report("e", 5, others));
    const refuse = async (entries: readonly Waiting[]) => entries.filter(({ priority }) => priority === "bulk");
    assert.deepEqual(await outbox.refusedLanes(), []);
    assert.equal(await outbox.relay(refuse, 9, 10), 5);
    assert.equal(await outbox.length(), 4);
    await create(one.reports, report("f", 6, bulk));
    assert.equal(await relayed(outbox), "f");
    assert.deepEqual(new Set(await other.refusedLanes()), new Set([bulk, others]));

    const broken = other.relay(() => Promise.reject(new Error("no broker")), 9, 11, bulk);
    await assert.rejects(broken, /no broker/);
    // Some of a lane may have been published before one was refused.
    assert.equal(await other.relay(async (entries) => entries.slice(1), 2, 12, bulk), 2);
    assert.equal(await relayed(outbox, 9, 13, bulk), "b c");
    assert.equal(await relayed(outbox, 9, 14, bulk), "");
    assert.equal(await relayed(outbox, 9, 15, others), "e");
    assert.equal(await outbox.length(), 0);
  });

  prove("relays at once share what stands aside and publish none twice", async () => {
    await using servers = await twoServers(open);
    const { one, two, outbox } = servers;
    const other = await two.openOutbox();
    const lane = { cluster: "sql", priority: "standard" } as const;
    await one.reports.create(
      Array.from({ length: 30 }, (_, index) => ({ report: report(`r${index}`, index) })),
      roomy,
    );
    assert.equal(await outbox.relay(async (entries) => entries, 100, 10), 30);
    const seen: string[] = [];
    while ((await outbox.length()) > 0) {
      const some = await Promise.all([outbox, other, outbox].map((each) => relayed(each, 4, 20, lane)));
      seen.push(...some.filter((ids) => ids !== ""));
    }
    const ids = seen.join(" ").split(" ");
    assert.equal(ids.length, 30);
    assert.equal(new Set(ids).size, 30);
  });

  prove("waiting ends with what another server queues, and with its signal", async () => {
    await using servers = await twoServers(open);
    const { one, outbox } = servers;
    const seen = untilRelayed(outbox);
    await create(one.reports, report("a", 1));
    assert.equal(await seen, "a");
    await outbox.wait(AbortSignal.abort());
    await outbox.wait(AbortSignal.timeout(10));
  });

  prove("a report is claimed by its name once, however many ask at once", async () => {
    await using servers = await twoServers(open);
    const { one, two, outbox } = servers;
    const other = await two.openOutbox();
    await create(one.reports, report("a", 1));
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? outbox : other).claim([report("a", 1)], claimant, 10)),
    );
    const kinds = claims.flat().map(({ kind }) => kind);
    assert.deepEqual(kinds.sort(), ["claimed", ...Array(9).fill("gone")]);
    const { status, attempts } = (await two.reports.read(report("a", 1))) ?? report("", 0);
    assert.deepEqual(status, { kind: "running", attempt: 1, leasedUntilMs: 1_010 });
    assert.equal(attempts[0]?.worker, "w");
    assert.deepEqual(await one.queue.length(), { queued: 0 });
  });

  prove("what has ended or was never there is gone, and what lost its worker is taken over, three times", async () => {
    await using servers = await twoServers(open);
    const { one, outbox } = servers;
    await create(one.reports, report("a", 1));
    await create(one.reports, report("b", 1));
    await one.reports.change(report("a", 1), cancel, 2);
    const claim = async (nowMs: number) => {
      const claims = await outbox.claim([report("a", 1), report("z", 1), report("b", 1)], claimant, nowMs);
      return claims.map((one) => (one.kind === "claimed" ? one.report.status.kind : one.kind)).join(" ");
    };
    assert.equal(await claim(0), "gone gone running");
    assert.equal(await claim(999), "gone gone gone");
    for (const nowMs of [1_000, 2_000]) assert.equal(await claim(nowMs), "gone gone running");
    const late = await one.reports.change(report("b", 1), { kind: "succeed", attempt: 2, artifacts: [] }, 2_001);
    assert.ok(late?.kind === "refused" && late.why === "fenced");
    assert.equal(await claim(3_000), "gone gone failed");
  });

  prove("no tenant runs more at once than it may, by name or through the store's queue", async () => {
    await using servers = await twoServers(open);
    const { one, two, outbox } = servers;
    const shares = { everyone: { weight: 1, concurrency: 2 }, others: new Map() };
    const claims = { ...claimant, shares };
    const [a, b, c] = [report("a", 1), report("b", 2), report("c", 3)];
    const other = report("o", 4, { tenant: "other" as TenantId });
    for (const each of [a, b, c, other]) await create(one.reports, each);
    await two.queue.claim(claims, 1, 10);
    const kinds = (await outbox.claim([a, b, c, other], claims, 10)).map(({ kind }) => kind);
    // Whichever tenant the first claim went to, two more are free to run.
    assert.equal(kinds.filter((kind) => kind === "claimed").length, 2);
    assert.ok(kinds.includes("busy"));
    await one.reports.change(a, { kind: "succeed", attempt: 1, artifacts: [] }, 20);
    const [last] = await outbox.claim([c], claims, 30);
    assert.equal(last?.kind, "claimed");
  });
}

async function twoServers(open: OpenOutboxPlace) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await open());
  const one = stack.use(await place.connect());
  const two = stack.use(await place.connect());
  const outbox = await one.openOutbox();
  const moved = stack.move();
  return { one, two, outbox, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** The ids that one relay publishes. */
async function relayed(outbox: Outbox, most = 100, nowMs = 100, refused?: Lane): Promise<string> {
  const seen: string[] = [];
  await outbox.relay(async (entries) => void seen.push(...entries.map(({ id }) => id)), most, nowMs, refused);
  return seen.join(" ");
}

async function untilRelayed(outbox: Outbox): Promise<string> {
  for (;;) {
    const seen = await relayed(outbox);
    if (seen !== "") return seen;
    await outbox.wait(never);
  }
}
