import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLocalSharedCache, type SharedView } from "../../test/contract/local-shared-cache.ts";
import { claimant, create, report, tenant } from "../../test/contract/place.ts";
import type { ReportChange } from "../model/change-report.ts";
import type { ReportId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { Stores } from "../ports/stores.ts";
import { openStore } from "../sqlite/open-store.ts";
import { cacheReads } from "./cache-reads.ts";

const keepMs = 5_000;
const sharedKeepMs = 600_000;
const servers = ["a", "b"] as const;
type ServerName = (typeof servers)[number];

const at = fc.constantFrom(...servers);
const id = fc.constantFrom("r1", "r2");
const kinds = ["create", "succeed", "fail", "cancel", "retry", "remove", "read"] as const;

/** What happens next, at which server. */
const happening = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), at, id }) },
  // Most ask for what is there.
  { weight: 24, arbitrary: fc.record({ kind: fc.constantFrom("read" as const, "succeed" as const), at, id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("clean" as const), at }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 6_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at, cut: fc.boolean() }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer H> ? H : never;

/** What the store said of a report, and when and where that ceased to be so. */
type Past = { readonly said: Report | undefined; readonly endedAtMs: number; readonly by: ServerName };

/** Two servers over one store, with or without a cache that they share, and what the store itself has said. */
function scene(store: Stores, withShared: boolean, cutLines: boolean) {
  let nowMs = 1_000_000;
  const now = () => nowMs;
  const local = createLocalSharedCache(now);
  const views = new Map<ServerName, SharedView>(servers.map((name) => [name, local.connect()]));
  const found = { memory: 0, shared: 0, store: 0 };
  const cached = new Map(
    servers.map((name) => {
      const cache = views.get(name);
      const shared = withShared && cache ? { shared: { cache, keepMs: sharedKeepMs } } : {};
      const parts = { memory: { maxBytes: 1e6, keepMs }, now, ...shared };
      return [name, cacheReads(store, { ...parts, observe: ({ from }) => (found[from] += 1) })];
    }),
  );
  const past = new Map<string, Past[]>();
  const serverOf = (name: ServerName): Stores => cached.get(name) ?? assert.fail();
  const keyOf = (id: string) => ({ tenant, id: id as ReportId });

  async function act(what: Exclude<Happening, { kind: "wait" | "cut" | "read" }>): Promise<void> {
    const { reports, queue, cleanUp } = serverOf(what.at);
    if (what.kind === "clean") {
      await cleanUp.clear("expired", nowMs, 100);
      await cleanUp.clear("forgotten", nowMs - 10_000, 100);
      return;
    }
    const key = keyOf(what.id);
    switch (what.kind) {
      case "create":
        await create(reports, report(what.id, nowMs, { retentionMs: 15_000 }));
        return;
      case "cancel":
        await reports.change(key, { kind: "cancel", message: "enough" }, nowMs);
        return;
      case "retry":
        await reports.change(key, { kind: "retry", requestId: `${nowMs}` }, nowMs);
        return;
      case "remove":
        await reports.remove(key, undefined);
        return;
      default: {
        if (!(await store.reports.read(key))) await create(reports, report(what.id, nowMs, { retentionMs: 15_000 }));
        await queue.claim({ ...claimant, leaseMs: 60_000 }, 10, nowMs);
        const attempt = (await store.reports.read(key))?.attempts.length ?? 0;
        const failure = { reason: "RENDER_FAILED", message: "it broke" } as const;
        const change: ReportChange =
          what.kind === "fail" ? { kind: "fail", attempt, failure } : { kind: "succeed", attempt, artifacts: [] };
        await reports.changeAll([{ key, change }], nowMs);
      }
    }
  }

  /** Whether the server may answer this now. */
  async function check(name: ServerName, id: string, answer: Report | undefined): Promise<void> {
    const present = await store.reports.read(keyOf(id));
    if (JSON.stringify(answer) === JSON.stringify(present)) return;
    // Where every deletion reaches every server, nothing else may be answered.
    assert.ok(!withShared || cutLines, `${name} answered ${show(answer)}; the store has ${show(present)}`);
    const excuse = (past.get(id) ?? []).some(
      ({ said, endedAtMs, by }) =>
        said?.status.kind === "succeeded" &&
        by !== name &&
        nowMs - endedAtMs < keepMs &&
        JSON.stringify(said) === JSON.stringify(answer),
    );
    assert.ok(excuse, `${name} answered ${show(answer)} at ${nowMs}; the store has ${show(present)}`);
    assert.notEqual(answer?.status.kind, "expired");
  }

  return {
    found,
    async happen(what: Happening): Promise<void> {
      if (what.kind === "wait") {
        nowMs += what.ms;
      } else if (what.kind === "cut") {
        if (cutLines) views.get(what.at)?.cutLine(what.cut);
      } else if (what.kind === "read") {
        await check(what.at, what.id, await serverOf(what.at).reports.read(keyOf(what.id)));
      } else {
        const ids = ["r1", "r2"];
        const before = await Promise.all(ids.map((each) => store.reports.read(keyOf(each))));
        await act(what);
        for (const [index, each] of ids.entries()) {
          const after = await store.reports.read(keyOf(each));
          if (JSON.stringify(before[index]) === JSON.stringify(after)) continue;
          past.set(each, [...(past.get(each) ?? []), { said: before[index], endedAtMs: nowMs, by: what.at }]);
        }
      }
    },
  };
}

function show(seen: Report | undefined): string {
  return seen ? `${seen.id} ${seen.status.kind} at ${seen.sequence}` : "nothing";
}

for (const { title, withShared, cutLines, seed } of [
  {
    title:
      "without a shared cache, a server answers what the store has, or has had less than keepMs ago before another deleted it",
    ...{ withShared: false, cutLines: false, seed: 1 },
  },
  {
    title: "with a shared cache, two servers answer what the store has",
    ...{ withShared: true, cutLines: false, seed: 2 },
  },
  {
    title: "a server that is not told of deletions answers what the store has, or has had less than keepMs ago",
    ...{ withShared: true, cutLines: true, seed: 3 },
  },
]) {
  test(title, async () => {
    const sum = { memory: 0, shared: 0, store: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 40, maxLength: 200 }), async (happenings) => {
        using store = openStore(":memory:");
        const { happen, found } = scene(store, withShared, cutLines);
        for (const one of happenings) await happen(one);
        sum.memory += found.memory;
        sum.shared += found.shared;
        sum.store += found.store;
      }),
      { numRuns: Number(process.env["WEIR_RUNS"] ?? 60), seed },
    );
    // What is never answered from memory proves nothing.
    assert.ok(sum.memory > 200 && sum.store > 50 && sum.shared > 0 === withShared, JSON.stringify(sum));
  });
}
