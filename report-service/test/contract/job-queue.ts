import assert from "node:assert/strict";
import { test } from "node:test";
import type { TenantId } from "../../src/model/names.ts";
import type { Priority, Report } from "../../src/model/report.ts";
import type { Claimant, JobQueue } from "../../src/ports/job-queue.ts";
import { type Connected, cancel, claimant, create, never, type OpenPlace, report, twoServers } from "./place.ts";

/**
 * What a provider says of its order. `one`: all servers claim in one order, and what was queued can be claimed at once.
 * `by-server`: a message broker shares the reports out to servers; they take a moment to get there, and each server
 * orders those that it has in hand, as the tests of `fair-buffer` prove.
 */
export type QueueOrder = "one" | "by-server";

// For a broker of our own on a busy machine; a group of consumers may have to notice first that one has died.
const patienceMs = 60_000;

/** What every provider of `JobQueue` must do, over the reports of the same database. */
export function provesJobQueue(name: string, open: OpenPlace, order: QueueOrder = "one"): void {
  const prove = (title: string, run: () => Promise<void>) => test(`${name}: ${title}`, run);
  const skip = order === "one" ? false : "its order holds among what one server has in hand";
  const proveOfOneOrder = (title: string, run: () => Promise<void>) => test(`${name}: ${title}`, { skip }, run);
  const claimAny = (servers: Servers, count: number, nowMs: number, other: Partial<Claimant> = {}) =>
    claimOfAny(servers, count, nowMs, other, order === "one" ? 0 : patienceMs);

  proveOfOneOrder("each queued report is given to one claimant, a tenant's oldest first", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const [id, atMs] of [
      ["b", 2],
      ["a", 1],
      ["c", 3],
      ["d", 3],
    ] as const)
      await create(one.reports, report(id, atMs));
    const claimed = [await claim(one.queue, 1), await claim(two.queue, 2), await claim(one.queue, 9)];
    assert.deepEqual(claimed, ["a", "b c", "d"]);
    assert.equal(await claim(two.queue, 9), "");
    assert.deepEqual(await two.queue.length(), { queued: 0 });
  });

  prove("claims at once share the reports and give none twice", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const reports = Array.from({ length: 60 }, (_, index) => ({ report: report(`r${index}`, index) }));
    await one.reports.create(reports, { queue: 100, tenant: 100 });
    const claims = await Promise.all(
      Array.from({ length: 30 }, (_, index) => (index % 2 ? one : two).queue.claim(claimant, 3, 100)),
    );
    const first = claims.flat();
    const others = await claimAny(servers, 60 - first.length, 100);
    const ids = [...first, ...others].map(({ id }) => id);
    assert.equal(ids.length, 60);
    assert.equal(new Set(ids).size, 60);
  });

  proveOfOneOrder("what runs is counted, of each worker cluster, by whichever server", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const id of ["a", "b", "c"]) await create(one.reports, report(id, 1));
    await create(one.reports, report("p", 1, { cluster: "python" }));
    const running = async () => [await two.queue.running?.("sql"), await two.queue.running?.("python")];
    assert.deepEqual(await running(), [0, 0]);
    await claim(one.queue, 2);
    await claim(two.queue, 1, { cluster: "python" });
    assert.deepEqual(await running(), [2, 1]);
    await one.reports.change(report("a", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 110);
    await one.reports.change(report("b", 1), { kind: "hand-back", attempt: 1 }, 110);
    await one.reports.change(report("p", 1), cancel, 110);
    assert.deepEqual(await running(), [0, 0]);
  });

  prove("each worker cluster has a queue of its own", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("s", 1));
    await create(one.reports, report("p", 2, { cluster: "python" }));
    await create(one.reports, report("q", 3, { cluster: "python" }));
    assert.deepEqual(await two.queue.length("python"), { queued: 2, oldestQueuedAtMs: 2 });
    assert.deepEqual(await two.queue.length("javascript"), { queued: 0 });
    assert.deepEqual(await two.queue.length(), { queued: 3, oldestQueuedAtMs: 1 });
    const python = await claimAny(servers, 2, 100, { cluster: "python" });
    assert.deepEqual(python.map(({ id }) => id).sort(), ["p", "q"]);
    if (one.queue.running)
      assert.deepEqual([await two.queue.running?.("python"), await two.queue.running?.("sql")], [2, 0]);
    assert.equal(await claim(two.queue, 9, { cluster: "javascript" }), "");
    assert.deepEqual(
      (await claimAny(servers, 1, 100)).map(({ id }) => id),
      ["s"],
    );
  });

  proveOfOneOrder("interactive reports go first, and neither standard nor bulk ones wait for ever", async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    const some = (priority: Priority) =>
      Array.from({ length: 20 }, (_, index) => ({ report: report(`${priority}-${index}`, index, { priority }) }));
    const all = [...some("bulk"), ...some("standard"), ...some("interactive")];
    await one.reports.create(all, { queue: 1_000, tenant: 1_000 });
    const claimed: Report[] = [];
    for (let turn = 0; turn < 20; turn += 1) claimed.push(...(await one.queue.claim(claimant, 1, 100)));
    const count = (priority: Priority) => claimed.filter((each) => each.priority === priority).length;
    assert.deepEqual([count("interactive"), count("standard"), count("bulk")], [14, 4, 2]);
    assert.equal(claimed[0]?.priority, "interactive");
  });

  proveOfOneOrder("tenants take turns by weight, however much one of them has waiting", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const shares = {
      everyone: { weight: 1, concurrency: 1_000 },
      others: new Map([["heavy" as TenantId, { weight: 3, concurrency: 1_000 }]]),
    };
    await one.reports.create(of("noisy", 200), { queue: 1_000, tenant: 1_000 });
    await one.reports.create([...of("quiet", 20), ...of("heavy", 60)], { queue: 1_000, tenant: 1_000 });
    const served: Report[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      served.push(...(await (turn % 2 ? one : two).queue.claim({ ...claimant, shares }, 1, 100)));
    }
    const count = (tenant: string) => served.filter((each) => each.tenant === tenant).length;
    for (const [tenant, fair] of [
      ["noisy", 8],
      ["quiet", 8],
      ["heavy", 24],
    ] as const) {
      assert.ok(Math.abs(count(tenant) - fair) <= 2, `${tenant} was served ${count(tenant)} of 40, not about ${fair}`);
    }
  });

  proveOfOneOrder("a tenant that comes late is served soon, and one that comes and goes gains nothing", async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    await one.reports.create(of("noisy", 50), { queue: 1_000, tenant: 1_000 });
    for (let turn = 0; turn < 20; turn += 1) await one.queue.claim(claimant, 1, 100);
    const served: string[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      if (served.at(-1) !== "noisy")
        await create(one.reports, report(`v${turn}`, turn, { tenant: "guest" as TenantId }));
      for (const each of await one.queue.claim(claimant, 1, 100)) served.push(each.tenant);
    }
    assert.ok(served.slice(0, 3).includes("guest"));
    const visits = served.filter((each) => each === "guest").length;
    assert.ok(visits >= 5 && visits <= 11, `the guest was served ${visits} times of 20`);
  });

  prove("no tenant runs more at once than it may, and the others go on", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const shares = { everyone: { weight: 1, concurrency: 2 }, others: new Map() };
    await one.reports.create([...of("a", 5), ...of("b", 1)], { queue: 100, tenant: 100 });
    const first = await claimAny(servers, 3, 10, { shares });
    assert.deepEqual(first.map(({ tenant }) => tenant).sort(), ["a", "a", "b"]);
    assert.deepEqual(await two.queue.claim({ ...claimant, shares }, 9, 10), []);
    const running = first.find(({ tenant }) => tenant === "a");
    assert.ok(running);
    await one.reports.change(running, { kind: "succeed", attempt: 1, artifacts: [] }, 20);
    assert.equal((await claimAny(servers, 1, 30, { shares })).length, 1);
    assert.deepEqual(await two.queue.claim({ ...claimant, shares }, 9, 30), []);
  });

  prove("a lease that runs out gives the report to the next claimant and fences the first", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const key = report("a", 1);
    await create(one.reports, key);
    await claimAny(servers, 1, 10);
    assert.deepEqual(await two.queue.claim(claimant, 1, 1_009), []);
    assert.equal((await claimAny(servers, 1, 1_010))[0]?.attempts.length, 2);
    for (const change of [
      { kind: "succeed", attempt: 1, artifacts: [] },
      { kind: "renew", attempt: 1, leaseMs: 9 },
      { kind: "hand-back", attempt: 1 },
    ] as const) {
      const late = await one.reports.change(key, change, 1_011);
      assert.ok(late?.kind === "refused" && late.why === "fenced");
    }
    assert.equal(
      (await two.reports.change(key, { kind: "succeed", attempt: 2, artifacts: [] }, 1_012))?.kind,
      "changed",
    );
  });

  prove("a renewed lease keeps the report", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1));
    await claimAny(servers, 1, 10);
    await one.reports.change(report("a", 1), { kind: "renew", attempt: 1, leaseMs: 1_000 }, 900);
    assert.deepEqual(await two.queue.claim(claimant, 1, 1_500), []);
    assert.equal((await claimAny(servers, 1, 1_900)).length, 1);
  });

  prove("a lease that runs out at many claimants at once is taken over by one", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1));
    await claimAny(servers, 1, 10);
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? one : two).queue.claim(claimant, 1, 5_000)),
    );
    const first = claims.flat();
    assert.equal([...first, ...(await claimAny(servers, 1 - first.length, 5_000))].length, 1);
    assert.equal((await one.reports.read(report("a", 1)))?.attempts.length, 2);
  });

  prove("the third lost worker is the last: the claim that finds it answers the failed report", async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    await create(one.reports, report("a", 1));
    for (const atMs of [0, 1_000, 2_000]) await claimAny(servers, 1, atMs);
    const [given] = await claimAny(servers, 1, 3_000);
    assert.equal(given?.status.kind, "failed");
    assert.deepEqual(await one.queue.claim(claimant, 1, 9_000), []);
  });

  prove("a clock that is set back keeps no lost report waiting until its old time", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    assert.deepEqual(await two.queue.claim(claimant, 1, 1_000_000), []);
    await create(one.reports, report("a", 1));
    await claimAny({ one, two: one }, 1, 1_000);
    const [again] = await claimAny({ one: two, two }, 1, 2_000);
    assert.equal(again?.attempts.length, 2);
  });

  prove("what is handed back or retried waits again, and what is cancelled no longer does", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1));
    await claimAny(servers, 1, 10);
    await create(one.reports, report("b", 2));
    await one.reports.change(report("a", 1), { kind: "hand-back", attempt: 1 }, 20);
    await one.reports.change(report("b", 2), cancel, 20);
    assert.deepEqual(await two.queue.length(), { queued: 1, oldestQueuedAtMs: 1 });
    assert.deepEqual(
      (await claimAny(servers, 1, 100)).map(({ id }) => id),
      ["a"],
    );
    await two.reports.change(report("b", 2), { kind: "retry", requestId: "" }, 30);
    assert.deepEqual(await one.queue.length("sql"), { queued: 1, oldestQueuedAtMs: 2 });
    assert.deepEqual(
      (await claimAny(servers, 1, 100)).map(({ id }) => id),
      ["b"],
    );
  });

  prove("waiting for work ends with a report that another server queues, and with its signal", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const waiting = untilClaimed(two.queue);
    await create(one.reports, report("a", 1));
    assert.equal((await waiting).id, "a");
    await two.queue.wait("sql", AbortSignal.abort());
    await two.queue.wait("sql", AbortSignal.timeout(10));
  });

  prove("a queue of many tenants is worked off to its end", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const tenants = Array.from({ length: 40 }, (_, index) => of(`t${index}`, 5)).flat();
    await one.reports.create(tenants, { queue: 1_000, tenant: 1_000 });
    await workOff(one, two);
    assert.deepEqual(await one.queue.length(), { queued: 0 });
  });
}

function of(tenant: string, count: number): readonly { readonly report: Report }[] {
  return Array.from({ length: count }, (_, index) => ({
    report: report(`${tenant}-${index}`, index, { tenant: tenant as TenantId }),
  }));
}

async function claim(queue: JobQueue, most: number, other: Partial<Claimant> = {}): Promise<string> {
  return (await queue.claim({ ...claimant, ...other }, most, 100)).map(({ id }) => id).join(" ");
}

type Servers = { readonly one: Connected; readonly two: Connected };

/** Claims at both servers, in turns, until there were so many or the patience is at its end. */
async function claimOfAny(
  { one, two }: Servers,
  count: number,
  nowMs: number,
  other: Partial<Claimant>,
  patience: number,
): Promise<readonly Report[]> {
  const claimed: Report[] = [];
  const end = AbortSignal.timeout(patience);
  for (let turn = 0; claimed.length < count; turn += 1) {
    const claims = { ...claimant, ...other };
    const found = await (turn % 2 ? two : one).queue.claim(claims, count - claimed.length, nowMs);
    claimed.push(...found);
    if (found.length > 0 || turn % 2 === 0) continue;
    if (patience === 0 || end.aborted) break;
    await waitForAny([one.queue, two.queue], claims.cluster, end);
  }
  return claimed;
}

async function waitForAny(queues: readonly JobQueue[], cluster: string, signal: AbortSignal): Promise<void> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  await Promise.race(queues.map((queue) => queue.wait(cluster, either)));
  enough.abort();
}

async function untilClaimed(queue: JobQueue): Promise<Report> {
  for (;;) {
    const [claimed] = await queue.claim(claimant, 1, 10);
    if (claimed) return claimed;
    await queue.wait("sql", never);
  }
}

async function workOff(...servers: readonly Connected[]) {
  const end = performance.now() + patienceMs;
  while (await someWait(servers)) {
    assert.ok(performance.now() < end, "the queue was not worked off in time");
    for (const { queue, reports } of servers) {
      const claimed = await queue.claim(claimant, 7, 100);
      await reports.changeAll(
        claimed.map((key) => ({ key, change: { kind: "succeed", attempt: 1, artifacts: [] } as const })),
        101,
      );
    }
  }
}

async function someWait([one]: readonly Connected[]): Promise<boolean> {
  return one !== undefined && (await one.queue.length()).queued > 0;
}
