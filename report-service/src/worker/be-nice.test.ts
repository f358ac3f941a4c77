import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { test } from "node:test";
import { beNice } from "./be-nice.ts";

const lacks = !existsSync("/proc/self/autogroup") && "this system knows no niceness of sessions";

test("a worker gives way to other sessions, too, whatever it does in its own", { skip: lacks }, async () => {
  const workers: readonly ChildProcess[] = Array.from({ length: 3 }, () =>
    spawn("sleep", ["60"], { detached: true, stdio: "ignore" }),
  );
  try {
    const pids = workers.map(({ pid = 0 }) => pid);
    await Promise.all(pids.map((pid) => beNice(pid, { own: 10, session: 15 })));
    for (const pid of pids) {
      assert.equal(getPriority(pid), 10);
      assert.match(await readFile(`/proc/${pid}/autogroup`, "utf8"), / nice 15$/m);
    }
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
  }
});

test("a process that has ended is no error", async () => {
  const gone = spawn("true");
  await new Promise((resolve) => gone.once("exit", resolve));
  await beNice(gone.pid ?? 0, { own: 10, session: 15 });
});
