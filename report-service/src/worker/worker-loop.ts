import { setTimeout as delay } from "node:timers/promises";
import type { Claimant, JobQueue } from "../ports/job-queue.ts";
import { type JobParts, runJob } from "./run-job.ts";

/** Pause after a failure of the store itself, which the next try is likely to meet again. */
const stumbleMs = 1_000;

export type WorkerLoop = {
  /** Claims nothing more and returns once the running job has ended; when `limit` aborts, that job is handed back. */
  drain(limit: AbortSignal): Promise<void>;
} & AsyncDisposable;

/** Takes one report after another from the queue and works on it. */
export function startWorkerLoop(queue: JobQueue, claimant: Claimant, parts: JobParts): WorkerLoop {
  const stopping = new AbortController();
  const handBack = new AbortController();

  async function takeOne(): Promise<void> {
    const [report] = await queue.claim(claimant, 1, Date.now());
    if (!report) return queue.wait(claimant.cluster, stopping.signal);
    if (report.status.kind === "running") await runJob(report, report.status.attempt, parts, handBack.signal);
    else parts.observe({ kind: "gave-up", report: report.id, reportKind: report.kind });
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await takeOne();
      } catch (cause) {
        // The lease of whatever was being worked on runs out, and another attempt follows.
        parts.observe({ kind: "worker-stumbled", cause: cause as Error });
        await delay(stumbleMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  const work = run();
  return {
    async drain(limit) {
      stopping.abort();
      const giveBack = () => handBack.abort();
      if (limit.aborted) giveBack();
      limit.addEventListener("abort", giveBack, { once: true });
      await work;
      limit.removeEventListener("abort", giveBack);
    },
    async [Symbol.asyncDispose]() {
      await this.drain(AbortSignal.abort());
      await parts.runtime[Symbol.asyncDispose]();
    },
  };
}
