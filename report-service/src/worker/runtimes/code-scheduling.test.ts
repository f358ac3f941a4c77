import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "../../../../test/kit/folder.ts";
import { startProcess } from "../../../../test/kit/process.ts";
import { until } from "../../../../test/kit/wait.ts";
import { startServer, temporaryDirectory } from "../../../test/server-process.ts";
import { startIdle } from "../../lib/start-idle.ts";
import type { CodeScheduling } from "../../model/code-scheduling.ts";
import type { HearOfJob, Job, JobResult } from "../runtime.ts";
import { createRuntime } from "./create-runtime.ts";

const lacksIdle = existsSync(`/usr/bin/${startIdle[0]}`) ? false : "there is no setpriv here";
// sched(7): SCHED_OTHER and SCHED_IDLE, as proc_pid_stat(5) has them.
const policies = { other: 0, idle: 5 } as const;

for (const codeScheduling of ["other", "idle"] as const) {
  test(`code is scheduled as ${codeScheduling}, the process that waits for the next job as well, and both end with their worker`, {
    skip: lacksIdle,
  }, async () => {
    await using place = await openRuntime(codeScheduling);
    const { sandboxes, worker, ended } = await place.loop();
    await until(async () => (await place.sandboxes()).length > 1, { within: 60_000, what: "the next sandbox" });
    for (const pid of await place.sandboxes()) {
      await until(async () => (await statOf(pid)).policy === policies[codeScheduling], {
        within: 60_000,
        what: `the policy ${codeScheduling}`,
      });
    }
    assert.equal((await statOf(worker)).policy, policies.other);
    process.kill(worker, "SIGKILL");
    assert.equal((await ended).kind, "lost");
    for (const pid of sandboxes) await until(() => !existsSync(`/proc/${pid}`), { within: 30_000, what: "its end" });
  });
}

test("idle code shares its server's session, for the kernel to know it as idle, and a terminal's signals do not end it", {
  skip: lacksIdle,
}, async () => {
  await using place = await openRuntime("idle");
  const { sandboxes, stop, ended } = await place.loop();
  const [busy = 0] = sandboxes;
  assert.equal((await statOf(busy)).session, (await statOf(process.pid)).session);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.kill(busy, signal);
  const before = (await statOf(busy)).ranTicks;
  await until(async () => (await statOf(busy)).ranTicks > before + 5, { within: 60_000, what: "more of the loop" });
  stop();
  assert.equal((await ended).kind, "stopped");
  await until(() => !existsSync(`/proc/${busy}`), { within: 30_000, what: "its end" });
});

for (const language of ["javascript", "python"] as const) {
  test(`idle code in ${language} pauses all the time, so that its core takes what waits for another one; other code never does`, {
    skip: lacksIdle,
  }, async () => {
    for (const codeScheduling of ["idle", "other"] as const) {
      await using place = await openRuntime(codeScheduling, language);
      const { sandboxes, stop, ended } = await place.loop();
      const [busy = 0] = sandboxes;
      const before = { ...(await statOf(busy)), pauses: await pausesOf(busy) };
      await until(async () => (await statOf(busy)).ranTicks >= before.ranTicks + 50, {
        within: 60_000,
        what: "half a second of the loop",
      });
      const pauses = (await pausesOf(busy)) - before.pauses;
      assert.ok(codeScheduling === "idle" ? pauses > 100 : pauses < 50, `${codeScheduling}: ${pauses} pauses`);
      stop();
      assert.equal((await ended).kind, "stopped");
    }
  });
}

test("a job whose worker hangs is ended with its idle code", { skip: lacksIdle }, async () => {
  await using place = await openRuntime("idle");
  const { sandboxes, worker, stop, ended } = await place.loop();
  // It cannot hear that its job is to stop.
  process.kill(worker, "SIGSTOP");
  stop();
  assert.equal((await ended).kind, "stopped");
  for (const pid of [worker, ...sandboxes]) {
    await until(() => !existsSync(`/proc/${pid}`), { within: 30_000, what: `the end of ${pid}` });
  }
});

test("idle code that others leave no CPU tells how long it has waited for one", { skip: lacksIdle }, async () => {
  await using place = await openRuntime("idle");
  const { stop, ended, waitedMs } = await place.loop();
  await using others = new AsyncDisposableStack();
  for (const _ of cpus()) {
    const loop = startProcess({ name: "loop", command: "/bin/sh", args: ["-c", "while :; do :; done"] });
    others.defer(async () => void (await loop.stop("SIGKILL")));
  }
  await until(() => waitedMs() > 500, { within: 60_000, what: "waiting of more than 500 ms" });
  stop();
  assert.equal((await ended).kind, "stopped");
});

test("a server that cannot start idle code says so and does not start", async () => {
  await using data = await temporaryDirectory();
  await assert.rejects(
    startServer(data.path, ["--code-scheduling", "idle"], { PATH: data.path }),
    /--code-scheduling idle: nothing can be started on idle time here, which takes setpriv and chrt of util-linux/,
  );
});

async function openRuntime(codeScheduling: CodeScheduling, language: keyof typeof programs = "javascript") {
  const folder = await makeFolder("scheduling");
  const scratch = join(folder.path, "scratch");
  const sample = join(folder.path, "sample", "sales.parquet");
  const runtime = createRuntime(language, { scratch, sample }, { codeScheduling });
  let worker = 0;
  const sandboxes = () => childrenOf(worker);
  return {
    sandboxes,
    /** Starts a job without end, and returns once it has begun. */
    async loop(): Promise<{
      readonly worker: number;
      readonly sandboxes: readonly number[];
      stop(): void;
      readonly ended: Promise<JobResult>;
      /** What it was last told of. */
      waitedMs(): number;
    }> {
      let waitedMs = 0;
      const stopping = new AbortController();
      const begun = Promise.withResolvers<void>();
      const hear: HearOfJob = {
        begun: begun.resolve,
        waited(ms) {
          waitedMs = ms;
        },
        progress() {},
      };
      const ended = runtime.run(loopingIn(language), hear, stopping.signal);
      await Promise.race([begun.promise, ended.then((result) => assert.fail(JSON.stringify(result)))]);
      for (const pid of await childrenOf(process.pid)) {
        const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
        if (command.includes("worker-process") && command.includes(folder.path)) worker = pid;
      }
      assert.notEqual(worker, 0);
      return { worker, sandboxes: await sandboxes(), stop: () => stopping.abort(), ended, waitedMs: () => waitedMs };
    },
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const programs = {
  javascript: "function* report() { for (;;); }",
  python: "def report(parameters, rows):\n    while True:\n        pass\n",
} as const;

const loopingIn = (language: keyof typeof programs): Job => ({
  program: { language, code: programs[language], file: "kind", columns: [{ name: "n", type: "integer" }] },
  ...{ inputs: [], parameters: {}, memory: "64MB", maxRows: 10, formats: [] },
  about: { title: "Test", parameters: {}, timeMs: 0 },
});

/** The oldest first. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.split(" ").filter(Boolean).map(Number);
}

/** From proc_pid_stat(5). */
async function statOf(pid: number): Promise<{ session: number; ranTicks: number; policy: number }> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8");
  // The third field and those after it.
  const fields = line
    .slice(line.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [session = 0, user = 0, system = 0, policy = 0] = [3, 11, 12, 38].map((at) => fields[at]);
  return { session, ranTicks: user + system, policy };
}

/** How often it has left its core by itself. */
async function pausesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/^voluntary_ctxt_switches:\s*(\d+)/m)?.[1]);
}
