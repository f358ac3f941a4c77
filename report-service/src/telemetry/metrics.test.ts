import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { create, report } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { usage } from "../config.ts";
import { ownClock } from "../ports/clock.ts";
import type { PeerStore } from "../ports/peer-store.ts";
import { openStore } from "../sqlite/open-store.ts";
import { type MeasuredQueues, startMetrics } from "./metrics.ts";

const page = new URL("../../../docs/report-service/operate.md", import.meta.url);
const well: MeasuredQueues = {
  queue: { length: async () => ({ queued: 3 }), backlog: async () => ({ unpublished: 1, undelivered: 2 }) },
  results: { length: async () => ({ waiting: 0 }) },
  notices: { due: async () => [] },
  clock: ownClock,
  tryWrite: async () => undefined,
  peers: [{ datacenter: "dc-b", state: () => ({ readable: "here", writable: "there" }) } as PeerStore],
  objectsBehind: async () => new Map([["dc-b", 90_000]]),
  clusters: [],
};

async function scrape(queues: MeasuredQueues): Promise<string> {
  await using metrics = await startMetrics("127.0.0.1:0", queues);
  const response = await fetch(`http://${metrics.address}/metrics`);
  assert.equal(response.status, 200);
  return response.text();
}

test("who asks whether a server lives, or serves, needs no store for that", async () => {
  const hangs = () => new Promise<never>(() => undefined);
  await using metrics = await startMetrics("127.0.0.1:0", { ...well, queue: { length: hangs, backlog: hangs } });
  const answers = () =>
    Promise.all(["healthz", "readyz"].map(async (path) => (await fetch(`http://${metrics.address}/${path}`)).status));
  assert.deepEqual(await answers(), [200, 503]);
  metrics.count({ kind: "serving", address: "127.0.0.1:1" });
  assert.deepEqual(await answers(), [200, 200]);
  metrics.count({ kind: "draining", limitMs: 1 });
  assert.deepEqual(await answers(), [200, 503]);
});

test("metrics are served while the store fails or hangs, and say that it does", async () => {
  const fails = async () => Promise.reject(new Error("away"));
  const hangs = () => new Promise<never>(() => undefined);
  for (const ask of [fails, hangs]) {
    const text = await scrape({
      ...well,
      queue: { length: ask },
      results: { length: ask },
      notices: { due: ask },
      tryWrite: ask,
      objectsBehind: ask,
    });
    assert.match(text, /^report_store_up 0$/m);
    assert.match(text, /^report_store_writable 0$/m);
    assert.doesNotMatch(text, /^report_(queue_length|queue_age_seconds|results_waiting|notices_overdue_seconds) /m);
    assert.doesNotMatch(text, /^report_objects_behind_seconds\{/m);
    assert.match(text, /^report_redis_lost_total 0$/m);
  }
  const text = await scrape(well);
  assert.match(text, /^report_store_up 1$/m);
  assert.match(text, /^report_store_writable 1$/m);
  assert.match(text, /^report_queue_length 3$/m);
  assert.match(text, /^report_objects_behind_seconds\{datacenter="dc-b"\} 90$/m);
});

test("a store that answers and takes no write is told apart, and however many scrape write little", async () => {
  let tries = 0;
  const tryWrite = async () => {
    tries += 1;
    throw new Error("read-only");
  };
  await using metrics = await startMetrics("127.0.0.1:0", { ...well, tryWrite });
  for (let scrapes = 0; scrapes < 5; scrapes += 1) {
    const text = await (await fetch(`http://${metrics.address}/metrics`)).text();
    assert.match(text, /^report_store_up 1$/m);
    assert.match(text, /^report_store_writable 0$/m);
  }
  assert.equal(tries, 1);
});

test("what old transactions hold back is served where the store can tell, and is absent where it cannot", async () => {
  const lookForOldTransactions = async () => ({ oldestMs: 1_500, transactions: 7 });
  const text = await scrape({ ...well, lookForOldTransactions });
  assert.match(text, /^report_store_oldest_transaction_seconds 1.5$/m);
  assert.match(text, /^report_store_held_back_transactions 7$/m);
  const away = async () => Promise.reject(new Error("away"));
  for (const look of [undefined, away, async () => undefined]) {
    const without = await scrape({ ...well, lookForOldTransactions: look });
    assert.doesNotMatch(without, /^report_store_(oldest|held)/m);
    assert.match(without, /^report_store_up 1$/m);
  }
});

test("the page for on-call names metrics and flags that there are", async () => {
  const text = await readFile(page, "utf8");
  const signal = async () => Promise.reject(new Error("not asked"));
  const served = await scrape({ ...well, clusters: [{ language: "sql", signal }] });
  const known = new Set([...served.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name));
  const named = [...text.matchAll(/\b(?:report|grpc_server)_[a-z]+_[a-z_]+/g)].map(([name]) =>
    name.replace(/_count$/, ""),
  );
  assert.ok(named.length > 20);
  assert.deepEqual(
    [...new Set(named)].filter((name) => !known.has(name)),
    [],
  );
  const flags = new Set([...text.matchAll(/`--([a-z-]+)/g)].map(([, flag]) => flag));
  assert.deepEqual(
    [...flags].filter((flag) => flag !== "dry-run" && !usage.includes(`--${flag} `)),
    [],
  );
});

test("what the page has SQLite asked for finds the tenant that floods", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  using store = openStore(path);
  for (const id of ["a", "b"]) await create(store.reports, report(id, 1));
  const [, sql = ""] = /```sql\n([^`]*lanes[^`]*)```/.exec(await readFile(page, "utf8")) ?? [];
  using database = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual({ ...database.prepare(sql).get() }, { tenant: "acme", waiting: 2 });
});
