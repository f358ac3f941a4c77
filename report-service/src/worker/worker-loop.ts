import { setTimeout as delay } from "node:timers/promises";
import type { JobQueue } from "../ports/job-queue.ts";
import type { Circuits } from "./circuits.ts";
import type { ClaimOne } from "./gather-claims.ts";
import { type JobParts, runJob } from "./run-job.ts";

/** Pause after a failure of the store itself, which the next try is likely to meet again. */
const stumbleMs = 1_000;
// How soon it looks again for a report whose kind or cluster was shut when it last looked.
const shutLookMs = 500;

export type WorkerLoop = {
  /** Claims nothing more and returns once the running job has ended; when `limit` aborts, that job is handed back. */
  drain(limit: AbortSignal): Promise<void>;
} & AsyncDisposable;

export type LoopParts = JobParts & {
  readonly circuits: Circuits;
  readonly claim: ClaimOne;
  /** Told before and after each job. */
  readonly onJob: (event: { readonly kind: "started" } | { readonly kind: "ended"; readonly tookMs: number }) => void;
};

/** Takes one report of its cluster after another and works on it; where there is none, waits for the queue to tell. */
export function startWorkerLoop(queue: Pick<JobQueue, "wait">, cluster: string, parts: LoopParts): WorkerLoop {
  const { circuits, claim } = parts;
  const stopping = new AbortController();
  const handBack = new AbortController();
  // Reports that were put off: this worker goes on with others meanwhile.
  const held = new Set<Promise<void>>();

  async function takeOne(): Promise<void> {
    const shutMs = circuits.clusterShutForMs(performance.now());
    if (shutMs > 0) return pause(Math.min(shutMs, shutLookMs));
    const paused = circuits.paused(performance.now());
    const report = await claim();
    if (!report) return paused.length > 0 ? pause(shutLookMs) : queue.wait(cluster, stopping.signal);
    if (report.status.kind !== "running") {
      return parts.observe({ kind: "gave-up", report: report.id, reportKind: report.kind });
    }
    const startedAtMs = performance.now();
    circuits.started(report, startedAtMs);
    parts.onJob({ kind: "started" });
    try {
      const signals = { handBack: handBack.signal, stopping: stopping.signal };
      const run = await runJob(report, report.status.attempt, parts, signals);
      circuits.ended(report, run.verdict, performance.now());
      if (run.held) keep(run.held);
    } catch (cause) {
      circuits.ended(report, { kind: "tells-nothing" }, performance.now());
      throw cause;
    } finally {
      parts.onJob({ kind: "ended", tookMs: performance.now() - startedAtMs });
    }
  }

  function keep(holding: Promise<void>): void {
    const ended = holding.catch((cause: Error) => parts.observe({ kind: "worker-stumbled", cause }));
    held.add(ended);
    void ended.then(() => held.delete(ended));
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await takeOne();
      } catch (cause) {
        // The lease of whatever was being worked on runs out, and another attempt follows.
        parts.observe({ kind: "worker-stumbled", cause: cause as Error });
        await pause(stumbleMs);
      }
    }
    await Promise.all(held);
  }

  async function pause(forMs: number): Promise<void> {
    await delay(forMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
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
