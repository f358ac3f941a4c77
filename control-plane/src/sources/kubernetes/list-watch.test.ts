import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesClient, Question } from "./kubernetes-client.ts";
import { type ListWatchLimits, listWatch } from "./list-watch.ts";
import { KubernetesRefusal } from "./refusal.ts";

const object = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } });
const list = (resourceVersion: string, items: readonly object[] = [], more: object = {}) => ({
  metadata: { resourceVersion, ...more },
  items,
});
const event = (type: string, name: string, version: string) => ({ type, object: object(name, version) });
const gone = {
  type: "ERROR",
  object: { kind: "Status", code: 410, message: "too old resource version", reason: "Expired" },
};

type Answer = { readonly list: object } | { readonly watch: readonly unknown[] } | Error;

/** What a list and watch says while the server answers so, one answer to each question, and what it asked. */
async function play(answers: readonly Answer[], limits: Partial<ListWatchLimits> = {}) {
  const stop = new AbortController();
  const asked: string[] = [];
  let nowMs = 0;
  const next = (what: string): Answer => {
    asked.push(what);
    const answer = answers[asked.length - 1];
    if (answer === undefined) stop.abort();
    return answer ?? new Error("over");
  };
  const client: KubernetesClient = {
    async get({ query }: Question) {
      const answer = next(`list ${query["continue"] ?? ""}`.trim());
      if (answer instanceof Error) throw answer;
      return "list" in answer ? answer.list : {};
    },
    async *watch({ query }: Question) {
      const answer = next(`watch ${query["resourceVersion"]}`);
      if (answer instanceof Error) throw answer;
      yield undefined;
      if ("watch" in answer) yield* answer.watch;
      nowMs += 30_000;
    },
    [Symbol.dispose]() {},
  };
  const collection = {
    path: "/things",
    query: {},
    acceptList: "application/json",
    acceptWatch: "application/json",
    read: (raw: unknown) => (raw as { metadata: { name: string } }).metadata.name,
  };
  const whole: ListWatchLimits = {
    ...{ pageSize: 2, answerMs: 1_000, watchMs: 30_000, relistMs: 600_000, backoff: { baseMs: 1, maxMs: 2 } },
    ...limits,
  };
  const said: string[] = [];
  const options = { client, limits: whole, monotonicMs: () => nowMs, random: () => 0 };
  for await (const each of listWatch(collection, options, stop.signal)) {
    if (each.kind === "listed") said.push(`listed ${[...each.objects.keys()].join(",")}`);
    else if (each.kind === "put" || each.kind === "gone") said.push(`${each.kind} ${each.name}`);
    else if (each.kind === "failed") said.push(`failed ${each.cause.message}`);
  }
  return { asked, said };
}

test("a list is read page by page, then watched from its version, and again from the last event or bookmark", async () => {
  const { asked, said } = await play([
    { list: list("10", [object("a", "1"), object("b", "2")], { continue: "more" }) },
    { list: list("10", [object("c", "3")]) },
    { watch: [event("ADDED", "d", "11"), event("MODIFIED", "a", "12"), event("DELETED", "b", "13")] },
    { watch: [{ type: "BOOKMARK", object: { metadata: { resourceVersion: "20" } } }] },
    { watch: [] },
  ]);
  assert.deepEqual(asked, ["list", "list more", "watch 10", "watch 13", "watch 20", "watch 20"]);
  assert.deepEqual(said, ["listed a,b,c", "put d", "put a", "gone b"]);
});

test("410 Gone, as an event or as an answer, leads to a list and is no failure", async () => {
  const { asked, said } = await play([
    { list: list("10") },
    { watch: [event("ADDED", "a", "11"), gone] },
    { list: list("30", [object("b", "30")]) },
    new KubernetesRefusal(410, "too old"),
    { list: list("40") },
  ]);
  assert.deepEqual(asked, ["list", "watch 10", "list", "watch 30", "list", "watch 40"]);
  assert.deepEqual(said, ["listed ", "put a", "listed b", "listed "]);
});

test("a server that never has any history is told of in the end", async () => {
  const again: readonly Answer[] = [{ list: list("10") }, { watch: [gone] }];
  const { said } = await play([...again, ...again, ...again, ...again]);
  assert.deepEqual(
    said.filter((each) => each !== "listed "),
    ["failed 410: too old resource version"],
  );
});

test("after any failure of a watch, and after an event that nobody can read, everything is listed again", async () => {
  const { asked, said } = await play([
    { list: list("10") },
    new Error("connection lost"),
    { list: list("10") },
    { watch: [event("ADDED", "", "11")] },
    { list: list("10") },
    { watch: [event("RENAMED", "a", "11")] },
    { list: list("10") },
    { watch: [{ type: "ERROR", object: { kind: "Status", code: 500, message: "etcd is away" } }] },
  ]);
  assert.deepEqual(asked.filter((each) => each === "list").length, 5);
  assert.equal(said.filter((each) => each.startsWith("failed")).length, 4);
  assert.ok(said.includes("failed 500: etcd is away"));
});

test("a list that fails is asked again, and an answer that is no list is not taken for an empty one", async () => {
  const { asked, said } = await play([new Error("refused"), { list: { hello: "world" } }, { list: list("10") }]);
  assert.deepEqual(asked, ["list", "list", "list", "watch 10"]);
  assert.deepEqual(said, [
    "failed refused",
    "failed the answer is no list: is there a Kubernetes API at that address?",
    "listed ",
  ]);
});

test("everything is listed again from time to time, whatever the watches said", async () => {
  const { asked } = await play(
    [{ list: list("10") }, { watch: [] }, { watch: [] }, { list: list("10") }, { watch: [] }],
    { relistMs: 60_000 },
  );
  assert.deepEqual(asked, ["list", "watch 10", "watch 10", "list", "watch 10", "watch 10"]);
});
