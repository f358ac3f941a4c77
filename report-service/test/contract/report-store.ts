import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportChange } from "../../src/model/change-report.ts";
import type { KindName } from "../../src/model/names.ts";
import { endOf, type Report } from "../../src/model/report.ts";
import { anyReportFilter, matchesFilter, type ReportFilter } from "../../src/model/report-filter.ts";
import { requestIdMs } from "../../src/ports/report-store.ts";
import {
  cancel,
  claimant,
  collect,
  create,
  inWords,
  listAll,
  listPages,
  never,
  type OpenPlace,
  report,
  request,
  roomy,
  tenant,
  twoServers,
} from "./place.ts";

const everything = { tenant, filter: anyReportFilter, order: "newest-first", limit: 1_000, lookAt: 1_000 } as const;

/** What every provider of `ReportStore` must do; `name` stands before each test's title. */
export function provesReportStore(name: string, open: OpenPlace): void {
  const prove = (title: string, run: () => Promise<void>) => test(`${name}: ${title}`, run);

  prove("a report is read and changed by every server over the same data", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const full = report("a", 1, {
      labels: { team: 'Ünï "x"' },
      parameters: { text: "'; drop table reports --\u0000" },
    });
    assert.equal(inWords(await create(one.reports, full)), "created a");
    assert.deepEqual(await two.reports.read(full), full);
    assert.equal((await two.reports.change(full, cancel, 3))?.kind, "changed");
    assert.equal((await one.reports.read(full))?.status.kind, "cancelled");
    assert.equal(await one.reports.change(report("b", 1), cancel, 3), undefined);
    assert.equal(await one.reports.read(report("b", 1)), undefined);
  });

  prove("a request id belongs to the first report that came with it, for a day", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    assert.equal(inWords(await create(one.reports, report("a", 1), { request })), "created a");
    assert.equal(inWords(await create(two.reports, report("b", 2), { request })), "repeated a");
    const otherBody = { ...request, bodyHash: "i" };
    assert.equal(inWords(await create(two.reports, report("c", 2), { request: otherBody })), "other-body a");
    const elsewhere = report("c", 2, { tenant: "other" as Report["tenant"] });
    assert.equal(inWords(await create(one.reports, elsewhere, { request: otherBody })), "created c");
    assert.equal(inWords(await create(one.reports, report("d", requestIdMs), { request })), "repeated a");
    assert.equal(inWords(await create(one.reports, report("e", requestIdMs + 1), { request })), "created e");
    assert.equal(inWords(await create(two.reports, report("f", requestIdMs + 2), { request })), "repeated e");
  });

  prove("a full queue turns away what is new, and still answers what is not", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const [narrow, same] = [{ queue: 2, tenant: 2 }, report("b", 2, { contentKey: "k" })];
    await create(one.reports, report("a", 1), { request }, narrow);
    await create(two.reports, same, { reuseSinceMs: 0 }, narrow);
    assert.equal(inWords(await create(one.reports, report("c", 3), {}, narrow)), "full");
    assert.equal(inWords(await create(one.reports, report("c", 3), { request }, narrow)), "repeated a");
    const again = report("c", 3, { contentKey: "k" });
    assert.equal(inWords(await create(one.reports, again, { reuseSinceMs: 0 }, narrow)), "reused b");
    assert.equal(inWords(await create(one.reports, report("c", 3, { cluster: "python" }), {}, narrow)), "created c");
    const other = report("d", 3, { tenant: "other" as Report["tenant"] });
    assert.equal(inWords(await create(one.reports, other, {}, { queue: 3, tenant: 2 })), "created d");
    assert.deepEqual(await create(one.reports, report("e", 4_001), {}, { queue: 9, tenant: 2 }), {
      ...{ kind: "full", of: "tenant", queued: 2, limit: 2, retryAfterMs: 1_000 },
    });
  });

  prove("an identical report answers while it waits, runs or has succeeded, and no other", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const ask = (id: string, atMs: number, sinceMs: number, facts: Partial<Report> = {}) =>
      create(two.reports, report(id, atMs, { contentKey: "k", ...facts }), { reuseSinceMs: sinceMs }).then(inWords);
    assert.equal(await ask("a", 10, 0), "created a");
    assert.equal(await ask("b", 11, 10), "reused a");
    assert.equal(await ask("b", 11, 0, { contentKey: "other" }), "created b");
    assert.equal(await ask("c", 11, 0, { tenant: "other" as Report["tenant"] }), "created c");
    await one.queue.claim(claimant, 10, 12);
    assert.equal(await ask("d", 13, 0), "reused a");
    await one.reports.change(report("a", 10), { kind: "succeed", attempt: 1, artifacts: [] }, 14);
    assert.equal(await ask("d", 15, 0), "reused a");
    // One that is too old makes room for a younger one.
    assert.equal(await ask("e", 15, 11), "created e");
    assert.equal(await ask("f", 16, 0), "reused e");
    await one.reports.change(report("e", 15), cancel, 17);
    assert.equal(await ask("g", 18, 0), "created g");
  });

  prove("a report that is not to be reused neither asks nor answers", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const same = (id: string) => report(id, 1, { contentKey: "k" });
    assert.equal(inWords(await create(one.reports, same("a"))), "created a");
    assert.equal(inWords(await create(two.reports, same("b"))), "created b");
    assert.equal(inWords(await create(two.reports, same("c"), { reuseSinceMs: 0 })), "created c");
    assert.equal(inWords(await create(one.reports, same("d"))), "created d");
  });

  prove("a retried create is answered by the reused report even when that no longer answers others", async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    const same = (id: string) => report(id, 1, { contentKey: "k" });
    await create(one.reports, same("a"), { reuseSinceMs: 0 });
    assert.equal(inWords(await create(one.reports, same("b"), { reuseSinceMs: 0, request })), "reused a");
    await one.reports.change(same("a"), cancel, 2);
    assert.equal(inWords(await create(one.reports, same("c"), { reuseSinceMs: 0, request })), "repeated a");
  });

  prove("creates at once with one request id, or one content, make one report", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const at = (index: number) => (index % 2 ? one : two).reports;
    const byRequest = await Promise.all(
      Array.from({ length: 60 }, (_, index) => create(at(index), report(`r${index}`, 1), { request })),
    );
    assert.equal(byRequest.filter(({ kind }) => kind === "created").length, 1);
    assert.equal(byRequest.filter(({ kind }) => kind === "repeated").length, 59);
    const byContent = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const own = { id: `own-${index}`, bodyHash: "h" };
        return create(at(index), report(`c${index}`, 1, { contentKey: "k" }), { request: own, reuseSinceMs: 0 });
      }),
    );
    assert.equal(byContent.filter(({ kind }) => kind === "created").length, 1);
    assert.equal(byContent.filter(({ kind }) => kind === "reused").length, 59);
    assert.equal((await listAll(one.reports)).length, 2);
  });

  prove("an id that a report has is taken, and many are created with one call", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const some = [report("a", 1), report("b", 1), report("a", 2)].map((created) => ({ report: created }));
    const answers = await one.reports.create(some, roomy);
    assert.deepEqual(answers.map(inWords), ["created a", "created b", "id-taken a"]);
    assert.equal((await two.reports.read(report("a", 1)))?.createdAtMs, 1);
  });

  prove("a tenant's reports are listed page by page, either way", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const [id, atMs] of [
      ["c", 2],
      ["a", 1],
      ["b", 2],
      ["d", 3],
    ] as const)
      await create(one.reports, report(id, atMs));
    await create(one.reports, report("x", 2, { tenant: "other" as Report["tenant"] }));
    for (const [order, expected] of [
      ["newest-first", "dcba"],
      ["oldest-first", "abcd"],
    ] as const) {
      const pages = await listPages(two.reports, { order, limit: 3 });
      assert.deepEqual(
        pages.map((page) => page.map(({ id }) => id).join("")),
        [expected.slice(0, 3), expected.slice(3)],
      );
    }
  });

  prove("a list holds what its filter matches", async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    const all = [
      report("a", 1, { labels: { team: "x", "odd-name_1": "" } }),
      report("b", 2, { priority: "bulk", labels: { team: "y" } }),
      report("c", 3, { kind: "stock" as KindName, priority: "interactive" }),
      report("d", 4, { kind: "stock" as KindName, labels: { team: "x' or '1'='1" } }),
    ];
    for (const one_ of all) await create(one.reports, one_);
    const cancelled = await one.reports.change(report("d", 4), cancel, 9);
    const now = [...all.slice(0, 3), ...(cancelled ? [cancelled.report] : [])];
    const filters: readonly ReportFilter[] = [
      { kind: "text", field: "state", is: "=", value: "queued" },
      { kind: "text", field: "state", is: "!=", value: "queued" },
      { kind: "text", field: "kind", is: "=", value: "stock" },
      { kind: "text", field: "priority", is: "=", value: "bulk" },
      { kind: "created", is: ">", ms: 2 },
      { kind: "created", is: "<=", ms: 2 },
      { kind: "created", is: "!=", ms: 2 },
      { kind: "label", name: "team", is: "=", value: "x" },
      { kind: "label", name: "team", is: "!=", value: "x" },
      { kind: "label", name: "team", is: "=", value: "x' or '1'='1" },
      { kind: "label", name: "team", is: "=" },
      { kind: "label", name: "odd-name_1", is: "=", value: "" },
      { kind: "not", of: { kind: "label", name: "team", is: "=", value: "x" } },
      { kind: "not", of: { kind: "label", name: "team", is: "=" } },
      { kind: "any", of: [] },
      {
        kind: "any",
        of: [
          { kind: "text", field: "priority", is: "=", value: "bulk" },
          {
            kind: "all",
            of: [
              { kind: "created", is: "=", ms: 4 },
              { kind: "label", name: "team", is: "=" },
            ],
          },
        ],
      },
    ];
    for (const filter of filters) {
      const listed = await listAll(one.reports, { filter });
      const expected = now.filter((each) => matchesFilter(each, filter)).reverse();
      assert.deepEqual(
        listed.map(({ id }) => id),
        expected.map(({ id }) => id),
        JSON.stringify(filter),
      );
    }
  });

  prove(
    "a filter is looked for among so many reports at a time, and whatever it matches is found, either way",
    async () => {
      await using servers = await twoServers(open);
      const { one, two } = servers;
      // Four of each time, so that pages end between equal ones.
      const ids = [..."abcdefghijkl"];
      for (const [index, id] of ids.entries()) {
        const labels: Record<string, string> = "bk".includes(id) ? { team: "x" } : {};
        await create(one.reports, report(id, Math.floor(index / 4), { labels }));
      }
      for (const id of "cj") await one.reports.change(report(id, 0), cancel, 9);
      const label = (value: string) => ({ kind: "label", name: "team", is: "=", value }) as const;
      const state = (value: string) => ({ kind: "text", field: "state", is: "=", value }) as const;
      const all = (...of: readonly ReportFilter[]): ReportFilter => ({ kind: "all", of });
      for (const [filter, found] of [
        [label("x"), "bk"],
        [all(state("queued"), label("x")), "bk"],
        [state("cancelled"), "cj"],
        [all(state("cancelled"), label("x")), ""],
        [{ kind: "any", of: [state("cancelled"), state("failed")] }, "cj"],
        [{ kind: "any", of: [state("cancelled"), label("x")] }, "bcjk"],
        [{ kind: "not", of: state("cancelled") }, "abdefghikl"],
      ] as const) {
        for (const order of ["newest-first", "oldest-first"] as const) {
          const listed = await listAll(two.reports, { filter, order, limit: 2, lookAt: 5 });
          const expected = order === "oldest-first" ? found : [...found].reverse().join("");
          assert.equal(listed.map(({ id }) => id).join(""), expected, `${order} ${JSON.stringify(filter)}`);
        }
      }
      const pages = await listPages(two.reports, { filter: label("y"), limit: 2, lookAt: 5 });
      assert.deepEqual(pages, [[], [], []]);
    },
  );

  prove(
    "a report that has succeeded and lost its bytes waits again, is made once more and answers for its content",
    async () => {
      await using servers = await twoServers(open);
      const { one, two } = servers;
      await create(one.reports, report("a", 1, { contentKey: "k" }), { reuseSinceMs: 0 });
      const succeed = (attempt: number) => ({ kind: "succeed", attempt, artifacts: [] }) as const;
      await one.queue.claim(claimant, 1, 10);
      const done = await one.reports.change(report("a", 1), succeed(1), 20);
      const lostAt = done?.report.sequence ?? 0;
      const retried = await two.reports.change(report("a", 1), { kind: "retry", requestId: "", lostAt }, 30);
      assert.equal(retried?.kind, "changed");
      assert.equal((await one.queue.length()).queued, 1);
      assert.equal(
        inWords(await create(two.reports, report("b", 2, { contentKey: "k" }), { reuseSinceMs: 0 })),
        "reused a",
      );
      assert.equal((await one.queue.claim(claimant, 1, 40)).length, 1);
      assert.equal((await one.reports.change(report("a", 1), succeed(2), 50))?.kind, "changed");
      const seen = await collect(two.reports.follow(report("a", 1), 1, never));
      assert.deepEqual(seen, ["2 running", "3 succeeded", "4 queued", "5 running", "6 succeeded"]);
    },
  );

  prove("changes written together are each fenced by their attempt", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const id of ["a", "b"]) await create(one.reports, report(id, 1));
    await one.queue.claim(claimant, 2, 10);
    const succeed = (id: string, attempt: number) => ({
      key: report(id, 1),
      change: { kind: "succeed", attempt, artifacts: [] } as const,
    });
    const results = await two.reports.changeAll(
      [succeed("a", 1), succeed("a", 1), succeed("b", 2), succeed("nobody", 1), succeed("b", 1)],
      20,
    );
    assert.deepEqual(
      results.map((result) => result && (result.kind === "changed" ? result.report.status.kind : result.why)),
      ["succeeded", "ended", "fenced", undefined, "succeeded"],
    );
  });

  prove("of many results for one attempt that come at once, one counts", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1));
    await one.queue.claim(claimant, 1, 10);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? one : two).reports.change(report("a", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 20),
      ),
    );
    assert.equal(results.filter((result) => result?.kind === "changed").length, 1);
    assert.equal((await one.reports.read(report("a", 1)))?.sequence, 3);
  });

  prove("following starts with the present state and then tells what any server does, to the end", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const key = report("a", 1);
    await create(one.reports, key);
    await one.queue.claim(claimant, 1, 10);
    const following = collect(two.reports.follow(key, 0, never));
    await one.reports.change(key, { kind: "renew", attempt: 1, leaseMs: 500 }, 20);
    await one.reports.changeAll([{ key, change: { kind: "succeed", attempt: 1, artifacts: [] } }], 30);
    assert.deepEqual((await following).at(-1), "3 succeeded");
    assert.deepEqual(await collect(one.reports.follow(key, 1, never)), ["2 running", "3 succeeded"]);
    assert.deepEqual(await collect(one.reports.follow(key, 0, never)), ["3 succeeded"]);
    assert.deepEqual(await collect(one.reports.follow(key, 3, never)), []);
  });

  prove("the last event of a report that has ended is known from the report alone", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const failure = { reason: "RENDER_FAILED", message: "no" } as const;
    const ends: readonly ReportChange[] = [
      cancel,
      { kind: "succeed", attempt: 1, artifacts: [] },
      { kind: "fail", attempt: 1, failure },
    ];
    for (const [index, end] of ends.entries()) {
      const key = report(`r${index}`, 1);
      await create(one.reports, key);
      await one.queue.claim(claimant, 1, 10);
      assert.equal((await one.reports.change(key, end, 20))?.kind, "changed");
      const ended = await two.reports.read(key);
      const told = [];
      for await (const event of two.reports.follow(key, 0, never)) told.push(event);
      assert.deepEqual(told, [ended && endOf(ended)]);
    }
  });

  prove("a follower misses nothing, however the changes fall", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const key = report("a", 1);
    await create(one.reports, key);
    await one.queue.claim(claimant, 1, 10);
    const followers = [one, two].map(({ reports }) => collect(reports.follow(key, 1, never)));
    for (let percent = 1; percent <= 40; percent += 1) {
      const progress = { percent, stage: "query", rows: 0 } as const;
      await (percent % 2 ? one : two).reports.change(key, { kind: "progress", attempt: 1, progress }, 10 + percent);
    }
    await one.reports.change(key, cancel, 90);
    const expected = Array.from({ length: 42 }, (_, index) => `${index + 2} ${index === 41 ? "cancelled" : "running"}`);
    for (const seen of await Promise.all(followers)) assert.deepEqual(seen, expected);
  });

  prove("following ends when its signal aborts, and when the report is removed", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1));
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const { sequence } of one.reports.follow(report("a", 1), 0, stop.signal)) {
      seen.push(sequence);
      setImmediate(() => stop.abort());
    }
    assert.deepEqual(seen, [1]);
    assert.deepEqual(await collect(two.reports.follow(report("nobody", 1), 0, never)), []);
  });

  prove("an ended report is removed, with its request id, if it is still as it was seen", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1), { request });
    assert.equal(await two.reports.remove(report("a", 1), undefined), "unended");
    await one.reports.change(report("a", 1), cancel, 2);
    assert.equal(await two.reports.remove(report("a", 1), 1), "outdated");
    assert.equal(await two.reports.remove(report("a", 1), 2), "removed");
    assert.equal(await one.reports.remove(report("a", 1), undefined), "unknown");
    assert.equal(await one.reports.read(report("a", 1)), undefined);
    assert.equal(inWords(await create(one.reports, report("b", 3), { request })), "created b");
    assert.deepEqual(await collect(one.reports.follow(report("a", 1), 0, never)), []);
  });

  prove("what is asked under an aborted signal is not done", async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    const aborted = AbortSignal.abort();
    await assert.rejects(one.reports.create([{ report: report("a", 1) }], roomy, aborted));
    await assert.rejects(one.reports.read(report("a", 1), aborted));
    await assert.rejects(one.reports.list(everything, aborted));
    assert.deepEqual(await listAll(one.reports), []);
  });
}
