import { once } from "node:events";
import { getPriority, hostname, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { cleanNow } from "./clean-command.ts";
import type { Role } from "./config/roles.ts";
import { type Config, parseConfig, usage } from "./config.ts";
import { startReportService } from "./report-service.ts";
import { createLog } from "./telemetry/log.ts";
import type { MeasuredQueues, Metrics } from "./telemetry/metrics.ts";
import { createObserve } from "./telemetry/observe.ts";
import { startTracing } from "./telemetry/tracing.ts";

// Between calls and what is made: see docs/report-service/kinds.md.
const backgroundNiceness = 5;
const leftOpenMs = 2_000;

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    // A second signal is from someone who does not want to wait.
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  });
}

const [command, ...args] = process.argv.slice(2);
if (process.argv.includes("--help")) process.stdout.write(usage);
else if (command === "serve") await main(args, serve);
else if (command === "clean") {
  const dryRun = args.includes("--dry-run");
  await main(
    args.filter((arg) => arg !== "--dry-run"),
    (config) => cleanOnce(config, dryRun),
  );
} else refuse(`the command is serve or clean, not ${command ?? "missing"}; --help tells more`);

async function main(flags: readonly string[], run: (config: Config) => Promise<void>): Promise<void> {
  const kinds = fileURLToPath(new URL("../kinds", import.meta.url));
  const config = parseConfig(flags, process.env, { kinds, id: `report-${hostname()}-${process.pid}` });
  if (!config.ok) return refuse(...config.problems.map(({ at, says }) => `${at} ${says}`), "--help tells more");
  try {
    await run(config.value);
  } catch (error) {
    refuse((error as Error).message);
  }
  // What a library has left open, as cassandra-driver may after an outage, does not keep alive what has ended.
  setTimeout(() => process.exit(), leftOpenMs).unref();
}

async function serve(config: Config): Promise<void> {
  // Who only works on what was asked for yields to those who answer calls at the same machine.
  const answers = ["reports", "results", "objects"].some((role) => config.roles.has(role as Role));
  if (!answers && getPriority() < backgroundNiceness) setPriority(backgroundNiceness);
  await using log = createLog(config.logLevel, config.id, process.stderr, config.logFormat);
  const { observe, countWith } = createObserve(log);
  process.on("SIGUSR2", () => log.setLevel(log.level() === "debug" ? config.logLevel : "debug"));
  await using tracing = await startTracing(process.env, config.service);
  await using service = await startReportService(config, { observe, tracer: tracing?.tracer });
  await using metrics = await serveMetrics(config, service);
  if (metrics) countWith(metrics);

  const { address, objects } = service;
  const where = { address, ...(objects !== undefined && { objects }), ...(metrics && { metrics: metrics.address }) };
  process.stdout.write(`${JSON.stringify({ ready: true, ...where })}\n`);
  observe({ kind: "serving", ...where });
  if (!stop.signal.aborted) await once(stop.signal, "abort");
  observe({ kind: "draining", limitMs: config.drainLimitMs });
  await service.drain();
  observe({ kind: "stopped" });
}

async function cleanOnce(config: Config, dryRun: boolean): Promise<void> {
  await using log = createLog(config.logLevel, config.id, process.stderr, config.logFormat);
  const { observe } = createObserve(log);
  const { lines, failures } = await cleanNow(config, dryRun, observe, stop.signal);
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
  if (failures.length > 0) refuse(...failures.map((failure) => `could not clean ${failure}`));
}

async function serveMetrics({ metrics: listen }: Config, queues: MeasuredQueues): Promise<Metrics | undefined> {
  if (listen === undefined) return undefined;
  const { startMetrics } = await import("./telemetry/metrics.ts");
  return startMetrics(listen, queues);
}

function refuse(...lines: readonly string[]): void {
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exitCode = 1;
}
