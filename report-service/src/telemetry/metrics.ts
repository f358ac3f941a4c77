import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import type { Clock } from "../ports/clock.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import type { Notices } from "../ports/notices.ts";
import type { LookForOldTransactions } from "../ports/old-transactions.ts";
import type { ResultsQueue } from "../ports/results-queue.ts";
import type { TryWrite } from "../ports/try-write.ts";
import type { WorkerCluster } from "../worker/worker-cluster.ts";
import { measureBacklog } from "./broker-metrics.ts";
import { addClusterMetrics } from "./cluster-metrics.ts";
import type { Note } from "./note.ts";
import { addNoticeMetrics } from "./notice-metrics.ts";
import { measureOldTransactions } from "./old-transaction-metrics.ts";
import { type MeasuredPeers, measurePeers } from "./peer-metrics.ts";
import { measureStore } from "./store-metrics.ts";

export type Metrics = {
  /** Where they are served: `http://{address}/metrics`. */
  readonly address: string;
  count(note: Note): void;
} & AsyncDisposable;

/** What is measured when somebody asks. */
export type MeasuredQueues = {
  readonly queue: Pick<JobQueue, "length" | "backlog">;
  readonly results: Pick<ResultsQueue, "length">;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly tryWrite: TryWrite;
  /** Undefined where the store has no such transactions. */
  readonly lookForOldTransactions?: LookForOldTransactions | undefined;
  readonly clusters: readonly Pick<WorkerCluster, "language" | "signal">[];
} & MeasuredPeers;

/** Serves Prometheus metrics on `listen`. prom-client is loaded here, and so only where metrics are wanted. */
export async function startMetrics(
  listen: string,
  { queue, results, notices, clock, tryWrite, lookForOldTransactions, clusters, ...others }: MeasuredQueues,
): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // The names of gRFC A66, as Prometheus spells them.
  const calls = new Histogram({
    name: "grpc_server_call_duration_seconds",
    help: "From the start of a call to its status.",
    labelNames: ["grpc_method", "grpc_status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const jobs = new Histogram({
    name: "report_job_duration_seconds",
    help: "From the claim of a report to its outcome.",
    labelNames: ["kind", "end"],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const refused = new Counter({
    name: "report_results_refused_total",
    help: "Results that came after the report was cancelled or taken over.",
    registers,
  });
  const batches = new Histogram({
    name: "report_results_batch_size",
    help: "Results that this server's writer has written at once.",
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  });
  const reads = new Counter({
    name: "report_reads_total",
    help: "Reads of one report: from this server's memory, the cache that servers share, or the store.",
    labelNames: ["from"],
    registers,
  });
  const brokerRefuses = new Gauge({
    name: "report_broker_refuses",
    help: "1 while Kafka refuses this server what does not pass by itself: an ACL, a limit, a policy; by its own name for it.",
    labelNames: ["doing", "topic", "code"],
    registers,
  });
  const codeStarved = new Counter({
    name: "report_code_starved_total",
    help: "Jobs whose code got too little of the CPU time that nobody else wants, and began once more with its share.",
    labelNames: ["kind"],
    registers,
  });
  const redisLost = new Counter({
    name: "report_redis_lost_total",
    help: "How often Redis ceased to answer in time.",
    registers,
  });
  const objectCalls = new Counter({
    name: "report_object_calls_total",
    help: "Calls of those who have a signed URL.",
    labelNames: ["method", "status"],
    registers,
  });
  const objectBytes = new Counter({
    name: "report_object_bytes_total",
    help: "Bytes that they sent (PUT) and fetched (GET).",
    labelNames: ["method"],
    registers,
  });
  const notHere = new Counter({
    name: "report_artifacts_not_here_total",
    help: "Answers that bytes which another data center made are not here: not yet, or lost with it.",
    labelNames: ["datacenter", "why"],
    registers,
  });
  const cleaned = new Counter({
    name: "report_cleaned_total",
    help: "What the cleaner has removed, by kind; stuck reports it has queued again or failed.",
    labelNames: ["what"],
    registers,
  });
  const cleanFailures = new Counter({
    name: "report_clean_failures_total",
    help: "What the cleaner could not do in a round, and left for the next one.",
    labelNames: ["what"],
    registers,
  });
  const cleanRounds = new Histogram({
    name: "report_clean_duration_seconds",
    help: "Of whole rounds of the cleaner.",
    buckets: [0.01, 0.1, 1, 10, 60, 600, 3600],
    registers,
  });
  const lastClean = new Gauge({
    name: "report_clean_last_success_timestamp_seconds",
    help: "When a round ended in which everything could be cleaned.",
    registers,
  });
  measureStore({ queue, results, clock, tryWrite }, Gauge, registers);
  measureOldTransactions(lookForOldTransactions, Gauge, registers);
  measureBacklog(queue, Gauge, registers);

  measurePeers(others, Gauge, registers);
  addClusterMetrics({ Gauge }, registers, clusters);
  const countNotice = addNoticeMetrics({ Counter, Gauge, Histogram }, registers, notices, clock);

  let serving = false;
  const server = await serve(listen, registry, () => serving);
  return {
    address: server.address,
    count(note) {
      countNotice(note);
      if (note.kind === "serving" || note.kind === "draining") serving = note.kind === "serving";
      if (note.kind === "report-read") {
        reads.inc({ from: note.from });
      } else if (note.kind === "broker-refuses" || note.kind === "broker-takes-again") {
        const { doing, topic, code } = note;
        brokerRefuses.set({ doing, topic, code }, note.kind === "broker-refuses" ? 1 : 0);
      } else if (note.kind === "redis-lost") {
        redisLost.inc();
      } else if (note.kind === "call-ended") {
        calls.observe({ grpc_method: note.method, grpc_status: note.code }, note.tookMs / 1000);
      } else if (note.kind === "code-starved") {
        codeStarved.inc({ kind: note.reportKind });
      } else if (note.kind === "job-ended") {
        jobs.observe({ kind: note.reportKind, end: note.end }, note.tookMs / 1000);
      } else if (note.kind === "cleaned") cleaned.inc({ what: note.what }, note.count);
      else if (note.kind === "clean-failed") cleanFailures.inc({ what: note.what });
      else if (note.kind === "clean-ended") {
        cleanRounds.observe(note.tookMs / 1000);
        if (note.failed === 0) lastClean.setToCurrentTime();
      } else if (note.kind === "object-call-ended") {
        objectCalls.inc({ method: note.method, status: note.status });
        if (note.status < 300) objectBytes.inc({ method: note.method }, note.bytes);
      } else if (note.kind === "artifact-not-here") {
        notHere.inc({ datacenter: note.datacenter, why: note.isLost ? "lost" : "not-yet" });
      } else if (note.kind === "result-refused") refused.inc();
      else if (note.kind === "results-written") batches.observe(note.written + note.refused);
    },
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}

/** Beside the metrics: `/healthz`, that this process answers, and `/readyz`, that it serves and was not told to stop. */
async function serve(
  listen: string,
  registry: Registry,
  isServing: () => boolean,
): Promise<{ readonly address: string } & AsyncDisposable> {
  const split = listen.lastIndexOf(":");
  const host = listen.slice(0, split);
  const server = createServer((request, response) => {
    if (request.url === "/healthz") return void response.writeHead(200).end("ok\n");
    if (request.url === "/readyz") {
      const [status, says] = isServing() ? [200, "serving\n"] : [503, "not serving\n"];
      return void response.writeHead(status).end(says);
    }
    if (request.url !== "/metrics") return void response.writeHead(404).end("metrics are at /metrics\n");
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause) => reject(new Error(`cannot serve metrics on ${listen}: ${cause.message}`, { cause })));
  server.listen({ host: host.replace(/^\[|\]$/g, ""), port: Number(listen.slice(split + 1)) }, () => resolve());
  await promise;
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
