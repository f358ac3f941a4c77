import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { makeFolder } from "../../../../test/kit/folder.ts";
import { startProcess } from "../../../../test/kit/process.ts";
import { until } from "../../../../test/kit/wait.ts";
import { createOne } from "../../../test/calls.ts";
import { startServer, temporaryDirectory } from "../../../test/server-process.ts";
import { endWithParent } from "../../lib/start-idle.ts";
import { type CodeScheduling, codeSchedulings } from "../../model/code-scheduling.ts";
import type { Progress } from "../../model/report.ts";
import type { HearOfJob, Job, JobResult } from "../runtime.ts";
import { createRuntime } from "./create-runtime.ts";

const lacksIdle = existsSync(`/usr/bin/${endWithParent[0]}`) ? false : "there is no setpriv here";
// sched(7): SCHED_OTHER and SCHED_IDLE, as proc_pid_stat(5) has them.
const [other, idle] = [0, 5];
const policies = { other, idle, auto: idle };

for (const codeScheduling of codeSchedulings) {
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
    assert.equal((await statOf(worker)).policy, other);
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
      await until(async () => (await statOf(busy)).ranTicks >= before.ranTicks + 100, {
        within: 60_000,
        what: "a second of the loop",
      });
      const pauses = (await pausesOf(busy)) - before.pauses;
      assert.ok(codeScheduling === "idle" ? pauses > 150 : pauses < 100, `${codeScheduling}: ${pauses} pauses`);
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
  await using _others = takeAllCpus();
  await until(() => waitedMs() > 500, { within: 60_000, what: "waiting of more than 500 ms" });
  stop();
  assert.equal((await ended).kind, "stopped");
});

test("code that is idle while that is enough begins once more with its share where it is not, and so does the next", {
  skip: lacksIdle,
}, async () => {
  await using place = await openRuntime("auto");
  const { worker, sandboxes, ended, waitedMs, starved } = await place.loop();
  const others = takeAllCpus();
  await until(() => starved() === 1, { within: 120_000, what: "that the code gets too little" });
  await until(() => sandboxes.every((pid) => !existsSync(`/proc/${pid}`)), { within: 60_000, what: "its end" });
  await until(() => waitedMs() > 1_000, { within: 60_000, what: "that this counts as waiting" });
  await others[Symbol.asyncDispose]();
  await until(async () => (await place.sandboxes()).length > 1, { within: 60_000, what: "the next sandbox" });
  const insisting = await place.sandboxes();
  for (const pid of insisting) {
    const { policy, session } = await statOf(pid);
    assert.deepEqual({ policy, session }, { policy: other, session: pid });
  }
  const [again = 0] = insisting;
  await until(async () => (await statOf(again)).ranTicks > 100, { within: 60_000, what: "a second of the loop" });
  assert.equal(starved(), 1);
  process.kill(worker, "SIGKILL");
  assert.equal((await ended).kind, "lost");
  for (const pid of insisting) await until(() => !existsSync(`/proc/${pid}`), { within: 30_000, what: "its end" });
});

test("what code has said before it began once more does not count", { skip: lacksIdle }, async () => {
  await using place = await openRuntime("auto");
  // A worker tells of its rows ten times a second.
  const code = `const spin = (ms) => { for (const end = Date.now() + ms; Date.now() < end; ); };
  function* report() {
    spin(200);
    for (let n = 0; n < 2500; n++) yield { n };
    spin(6000);
    yield { n: 2500 };
  }`;
  const said = Promise.withResolvers<void>();
  const starved = Promise.withResolvers<void>();
  const progress = ({ rows }: Progress) => void (rows > 0 && said.resolve());
  const ended = place.run(code, { begun() {}, waited() {}, starved: starved.resolve, progress });
  await said.promise;
  {
    await using _others = takeAllCpus();
    await Promise.race([starved.promise, ended.then((result) => assert.fail(JSON.stringify(result)))]);
  }
  const result = await ended;
  assert.deepEqual(result, { kind: "done", rows: 2_501, files: [] });
});

test("a server that cannot start idle code says so, and makes reports in code all the same where nobody insists", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, [], { PATH: data.path });
  await until(() => server.log().includes("code of kinds has CPU time as others have it"), {
    within: 30_000,
    what: "a word about it",
  });
  const name = await createOne(server.client, "scripted");
  assert.equal((await server.client.waitForEnd(name, { timeoutMs: 120_000 })).state, State.SUCCEEDED);
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
    run: (code: string, hear: HearOfJob) => runtime.run(jobOf(language, code), hear, AbortSignal.timeout(240_000)),
    /** Starts a job without end, and returns once it has begun. */
    async loop(): Promise<{
      readonly worker: number;
      readonly sandboxes: readonly number[];
      stop(): void;
      readonly ended: Promise<JobResult>;
      /** What it was last told of. */
      waitedMs(): number;
      /** How often. */
      starved(): number;
    }> {
      let waitedMs = 0;
      let starved = 0;
      const stopping = new AbortController();
      const begun = Promise.withResolvers<void>();
      const hear: HearOfJob = {
        begun: begun.resolve,
        waited(ms) {
          waitedMs = ms;
        },
        starved() {
          starved += 1;
        },
        progress() {},
      };
      const ended = runtime.run(jobOf(language, programs[language]), hear, stopping.signal);
      await Promise.race([begun.promise, ended.then((result) => assert.fail(JSON.stringify(result)))]);
      for (const pid of await childrenOf(process.pid)) {
        const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
        if (command.includes("worker-process") && command.includes(folder.path)) worker = pid;
      }
      assert.notEqual(worker, 0);
      return {
        worker,
        sandboxes: await sandboxes(),
        stop: () => stopping.abort(),
        ended,
        waitedMs: () => waitedMs,
        starved: () => starved,
      };
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

const jobOf = (language: keyof typeof programs, code: string): Job => ({
  program: { language, code, file: "kind", columns: [{ name: "n", type: "integer" }] },
  ...{ inputs: [], parameters: {}, memory: "64MB", maxRows: 10_000, formats: [] },
  about: { title: "Test", parameters: {}, timeMs: 0 },
});

/** In this process's session, until disposed. */
function takeAllCpus(): AsyncDisposable {
  const loops = cpus().map(() =>
    startProcess({ name: "loop", command: "/bin/sh", args: ["-c", "while :; do :; done"] }),
  );
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(loops.map((loop) => loop.stop("SIGKILL")));
    },
  };
}

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
