import type { KindProgram } from "../../model/kind.ts";
import type { Progress } from "../../model/report.ts";
import type { HearOfJob, Job } from "../runtime.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { SandboxJob } from "../sandbox/sandbox-job.ts";
import { sandboxMessageOf } from "../sandbox/sandbox-message.ts";
import type { Spares } from "../sandbox/spares.ts";
import { type Cursors, createCursors } from "./cursors.ts";
import type { Engine } from "./engine.ts";
import { failureBy } from "./input-views.ts";
import { memoryBytes } from "./memory-bytes.ts";
import { type Ended, renderResult, tooManyRows } from "./render-result.ts";
import { createResultLoader, type ResultLoader } from "./result-loader.ts";
import { watchCpuTime } from "./watch-cpu-time.ts";

type Code = Exclude<KindProgram, { language: "sql" }>;

/**
 * Runs code in a sandbox that is used up by it, answers what that asks of the engine, and writes the rows it yields. Where
 * the CPU time that nobody else wants turns out not to be enough, it runs once more, with its share.
 */
export async function runCode(
  engine: Engine,
  spares: Spares,
  program: Code,
  job: Job,
  scratch: string,
  hear: HearOfJob,
  signal: AbortSignal,
): Promise<Ended> {
  for (let lostMs = 0; ; ) {
    const ended = await runIn(
      engine,
      await spares.take(),
      spares.insist,
      program,
      job,
      scratch,
      forgiving(hear, lostMs),
      signal,
    );
    if (ended.kind !== "starved") return ended;
    lostMs += ended.tookMs;
    hear.starved();
    hear.waited(lostMs);
  }
}

/** What came to nothing counts as waiting. */
function forgiving(hear: HearOfJob, lostMs: number): HearOfJob {
  return { ...hear, waited: (ms) => hear.waited(lostMs + ms) };
}

/** `tookMs`: since the code began. */
type Starved = { readonly kind: "starved"; readonly tookMs: number };

async function runIn(
  { instance, connection }: Engine,
  taken: Sandbox,
  insist: Spares["insist"],
  program: Code,
  job: Job,
  scratch: string,
  { begun, waited, progress }: HearOfJob,
  signal: AbortSignal,
): Promise<Ended | Starved> {
  using sandbox = taken;
  signal.throwIfAborted();
  using cursors = createCursors(instance);
  const stop = () => {
    sandbox[Symbol.dispose]();
    cursors.interrupt();
  };
  let begunAtMs: number | undefined;
  let starved: Starved | undefined;
  using watch = watchCpuTime(sandbox.cpuTime, waited, (since) => {
    if (starved || !insist(sandbox, since)) return;
    starved = { kind: "starved", tookMs: begunAtMs === undefined ? 0 : performance.now() - begunAtMs };
    stop();
  });
  signal.addEventListener("abort", stop);
  try {
    const loader = await createResultLoader(connection, program.columns);
    const failure = await converse(sandbox, sandboxJobOf(program, job), {
      cursors,
      loader,
      job,
      begun() {
        watch.begin();
        begunAtMs = performance.now();
        begun();
      },
      onProgress: progress,
    });
    if (starved && !signal.aborted) return starved;
    if (failure) return failure;
    loader.finish();
    // From now on nothing waits for the code.
    watch[Symbol.dispose]();
    return await renderResult(connection, loader.count(), job, scratch, progress);
  } finally {
    signal.removeEventListener("abort", stop);
    await connection.run("drop table if exists temp.result");
  }
}

function sandboxJobOf({ code, file, columns }: Code, { parameters, memory }: Job): SandboxJob {
  return {
    ...{ code, file, parameters, memoryBytes: memoryBytes(memory) },
    columns: columns.map(({ name, type }) => [name, type] as const),
  };
}

type Talk = {
  readonly cursors: Cursors;
  readonly loader: ResultLoader;
  readonly job: Job;
  readonly begun: () => void;
  readonly onProgress: (progress: Progress) => void;
};

/** Until it has yielded its last row; why it failed, if it did. */
async function converse(sandbox: Sandbox, given: SandboxJob, talk: Talk): Promise<Ended | undefined> {
  // Why the engine did not answer last.
  let refused: string | undefined;
  const answer = (asked: Promise<object>): Promise<object> =>
    asked.catch((error: Error) => {
      refused = error.message;
      return { refused };
    });
  for await (const said of sandbox.messages) {
    const message = sandboxMessageOf(said);
    if (!message) return failed("the code spoke past its functions to the worker");
    switch (message.kind) {
      case "ready":
        talk.begun();
        sandbox.beginJob(given.memoryBytes);
        sandbox.send(given);
        talk.onProgress({ stage: "query", percent: 0, rows: 0 });
        break;
      case "query":
        sandbox.send(await answer(talk.cursors.open(message.sql, message.parameters)));
        break;
      case "fetch":
        sandbox.send(await answer(talk.cursors.fetch(message.cursor)));
        break;
      case "close":
        talk.cursors.close(message.cursor);
        break;
      case "rows": {
        const failure = take(message.rows, talk);
        if (failure) return failure;
        break;
      }
      case "failed":
        return refused === undefined ? message : failureAfter(refused, message, talk.job);
      case "done":
        return undefined;
    }
  }
  const end = await sandbox.ended;
  if (end.kind === "out-of-memory") return { kind: "failed", reason: "OUT_OF_MEMORY", message: end.message };
  if (end.kind === "stopped") return { kind: "stalled", message: "the sandbox was stopped, and was ended" };
  if (end.kind === "killed") return { kind: "lost", message: `the sandbox was ended by ${end.by}` };
  return failed("the interpreter ended in the middle of the code, as it does when that calls itself too deeply");
}

/** Code that fails because its query did is as if the query had. */
function failureAfter(refused: string, failure: Extract<Ended, { kind: "failed" }>, { inputs }: Job): Ended {
  const [says = refused] = refused.split("\n");
  if (!failure.message.includes(says)) return failure;
  const { reason, message } = failureBy(refused, inputs);
  return reason === "RENDER_FAILED" ? failure : { kind: "failed", reason, message };
}

function take(rows: readonly (readonly (string | null)[])[], { loader, job, onProgress }: Talk): Ended | undefined {
  try {
    loader.append(rows);
  } catch (error) {
    const { message } = error as Error;
    const reason = message.includes("Out of Memory") ? "OUT_OF_MEMORY" : "RENDER_FAILED";
    return { kind: "failed", reason, message };
  }
  const count = loader.count();
  onProgress({ stage: "query", percent: 0, rows: count });
  return count > job.maxRows ? tooManyRows(count, job.maxRows) : undefined;
}

function failed(message: string): Ended {
  return { kind: "failed", reason: "RENDER_FAILED", message };
}
