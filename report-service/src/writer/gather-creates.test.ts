import assert from "node:assert/strict";
import { test } from "node:test";
import { claimant, create, inWords, report, request, roomy } from "../../test/contract/place.ts";
import { openSqlitePlace } from "../../test/contract/sqlite-place.ts";
import type { ReportStore } from "../ports/report-store.ts";
import { gatherCreates } from "./gather-creates.ts";

test("creates that come together are written together, and each gets its own answer", async () => {
  await using store = await counted();
  const first = Array.from({ length: 1_200 }, (_, index) => create(store.gathered, report(`a${index}`, index)));
  const repeats = [
    create(store.gathered, report("b", 1), { request }),
    create(store.gathered, report("c", 1), { request }),
  ];
  const words = (await Promise.all([...first, ...repeats])).map(inWords);
  assert.deepEqual(words.slice(0, 2), ["created a0", "created a1"]);
  assert.deepEqual(words.slice(-2), ["created b", "repeated b"]);
  assert.deepEqual(store.sizes(), [500, 500, 202]);
});

test("creates that come one after the other, and often, are written some at a time", async () => {
  await using store = await counted();
  const creates: Promise<unknown>[] = [];
  const startedAtMs = performance.now();
  for (let index = 0; index < 400; index += 1) {
    creates.push(create(store.gathered, report(`a${index}`, index)));
    // Long enough for a write of its own.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(creates);
  const groups = store.sizes().length;
  // A disk that takes longer for each sync holds them up, so that they do not come often.
  const most = Math.max(120, (performance.now() - startedAtMs) / 6);
  assert.ok(groups < most, `400 creates were written in ${groups} groups`);
});

test("where too many creates wait to be written, more are turned away, and told when to come back", async () => {
  await using store = await counted();
  const all = Array.from({ length: 2_100 }, (_, index) => create(store.gathered, report(`a${index}`, index)));
  const answers = await Promise.all(all);
  assert.equal(answers.filter(({ kind }) => kind === "created").length, 2_000);
  const [full] = answers.slice(-1);
  assert.ok(full?.kind === "full" && full.retryAfterMs > 0);
  assert.equal(inWords(await create(store.gathered, report("later", 1))), "created later");
});

test("what the store cannot take keeps nobody else out", async () => {
  await using store = await counted();
  const bad = report("bad", 1, { createdAtMs: Number.NaN });
  const answers = await Promise.allSettled(
    [report("a", 1), bad, report("b", 1)].map((each) => create(store.gathered, each)),
  );
  assert.deepEqual(
    answers.map((answer) => (answer.status === "fulfilled" ? inWords(answer.value) : "refused")),
    ["created a", "refused", "created b"],
  );
  assert.equal((await store.queue.claim(claimant, 9, 2)).length, 2);
});

test("a store that fails once it has written has written nonetheless", async () => {
  await using store = await counted("fails after its first write");
  const answers = await Promise.all([report("a", 1), report("b", 1)].map((each) => create(store.gathered, each)));
  assert.deepEqual(answers.map(inWords), ["created a", "created b"]);
  assert.deepEqual(store.sizes(), [2, 1, 1]);
});

test("a create whose caller has left is not written", async () => {
  await using store = await counted();
  const leaving = new AbortController();
  const left = store.gathered.create([{ report: report("a", 1) }], roomy, leaving.signal);
  leaving.abort();
  await assert.rejects(left);
  assert.equal(await store.gathered.read(report("a", 1)), undefined);
});

async function counted(manner: "works" | "fails after its first write" = "works") {
  const place = await openSqlitePlace();
  const server = await place.connect();
  const sizes: number[] = [];
  const counting: ReportStore = {
    ...server.reports,
    async create(creations, limits, signal) {
      sizes.push(creations.length);
      const created = await server.reports.create(creations, limits, signal);
      if (manner !== "works" && sizes.length === 1) throw new Error("the connection is gone");
      return created;
    },
  };
  return {
    gathered: gatherCreates(counting),
    queue: server.queue,
    sizes: () => sizes,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}
