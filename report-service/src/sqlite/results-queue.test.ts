import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { provesResultsQueue } from "../../test/contract/results-queue.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { ownClock } from "../ports/clock.ts";
import { type ResultsLimits, usualResultsLimits } from "../ports/results-queue.ts";
import { createChangeFeed } from "./change-feed.ts";
import { openDatabase } from "./open-database.ts";
import { createSqliteResults } from "./results-queue.ts";

provesResultsQueue("SQLite", async (limits) => {
  const directory = await temporaryDirectory();
  const opened = new AsyncDisposableStack();
  opened.use(directory);
  return {
    connect: async () => opened.use(open(join(directory.path, "reports.db"), limits)).results,
    durable: true,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
});

test("what a killed worker has put is there, each of it once", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  const program = `
    const { openStore } = await import(${JSON.stringify(new URL("open-store.ts", import.meta.url).href)});
    const { results } = openStore(${JSON.stringify(path)});
    for (let id = 0; ; id += 1) {
      await results.put({ key: { tenant: "acme", id: "r" + id }, change: { kind: "hand-back", attempt: 1 } }, new AbortController().signal);
      process.stdout.write("r" + id + "\\n");
    }`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const kept: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    kept.push(line);
    if (kept.length === 30) child.kill("SIGKILL");
  }
  await closed;
  using opened = open(path, usualResultsLimits);
  const { results } = await opened.results.take(10_000, new AbortController().signal);
  const found = results.map(({ key }) => String(key.id));
  assert.deepEqual(found.slice(0, kept.length), kept);
  assert.ok(found.length <= kept.length + 1, "the one that it was about to answer may be there");
});

function open(path: string, limits: ResultsLimits) {
  const database = openDatabase(path);
  const feed = createChangeFeed(database, 20);
  return {
    results: createSqliteResults(database, feed, ownClock, limits),
    [Symbol.dispose]() {
      feed[Symbol.dispose]();
      database.close();
    },
  };
}
