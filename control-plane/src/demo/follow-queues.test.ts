import assert from "node:assert/strict";
import { test } from "node:test";
import { followQueues } from "./follow-queues.ts";
import type { ReportQueue } from "./operator-api.ts";
import type { QueueView } from "./view.ts";

test("what waits and runs is told by language, and a service that does not answer is not one where nothing waits", async () => {
  const answers: (readonly ReportQueue[] | "away")[] = [
    [
      { cluster: "python", waiting: 3, running: 1, busy: 1 },
      { cluster: "sql", waiting: 0, busy: 2 },
    ],
    "away",
    [],
  ];
  const stop = new AbortController();
  const heard: (readonly QueueView[] | undefined)[] = [];
  const reportQueues = async () => {
    const answer = answers.shift() ?? "away";
    if (answers.length === 0) stop.abort();
    if (answer === "away") throw new Error("503");
    return answer;
  };
  await followQueues({ reportQueues }, (queues) => heard.push(queues), stop.signal, 1);
  assert.deepEqual(heard, [
    [
      { language: "Python", waiting: 3, running: 1 },
      { language: "SQL", waiting: 0, running: 2 },
    ],
    undefined,
    [],
  ]);
});
