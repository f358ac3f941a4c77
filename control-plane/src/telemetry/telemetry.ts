import { collectDefaultMetrics, Registry } from "prom-client";
import { type ChangeSpans, createChangeSpans } from "./change-spans.ts";
import { type Readings, registerGauges } from "./gauges.ts";
import { createLog, type LogLevel } from "./log.ts";
import type { LogFormat } from "./log-line.ts";
import { createMetrics } from "./metrics.ts";
import type { Note } from "./note.ts";
import { createObserve } from "./observe.ts";
import { type RunningReadings, registerRunningGauges } from "./running-gauges.ts";
import { startTracing, toZipkin } from "./tracing.ts";
import { registerTrafficGauges, type TrafficReadings } from "./traffic-gauges.ts";

export type TelemetryConfig = {
  readonly log: { readonly level: LogLevel; readonly format?: LogFormat };
  /** Base URL of an OTLP/HTTP collector; undefined means no traces, and nothing of OpenTelemetry's SDK is loaded. */
  readonly otlp: { readonly endpoint: string | undefined; readonly serviceName: string };
};

export type Telemetry = AsyncDisposable & {
  /** Takes every note of every part; the only way into logs, metrics and traces. */
  observe(note: Note): void;
  /** The text of `/metrics`. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** From now on the gauges are read from these, at each scrape. */
  readGaugesFrom(readings: Readings & TrafficReadings & RunningReadings): void;
  logLevel(): LogLevel;
  setLogLevel(level: LogLevel, by: string): void;
};

/** Logs to `stderr` as JSON lines. Disposing of it writes and exports what is still held. */
export async function startTelemetry(
  { log: { level, format = "json" }, otlp: { endpoint, serviceName } }: TelemetryConfig,
  stderr: NodeJS.WritableStream,
): Promise<Telemetry> {
  await using started = new AsyncDisposableStack();
  const log = started.use(createLog({ level, format, service: serviceName, stream: stderr }));
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let readings: (Readings & TrafficReadings & RunningReadings) | undefined;
  registerGauges(registry, () => readings);
  registerTrafficGauges(registry, () => readings);
  registerRunningGauges(registry, () => readings);
  let spans: ChangeSpans | undefined;
  const report = createObserve({
    log,
    metrics: createMetrics(registry),
    traceOf: (revision) => spans?.traceOf(revision),
    now: () => performance.now(),
  });
  const isZipkin = toZipkin(process.env);
  if (endpoint !== undefined || isZipkin) {
    const onProblem = (says: string) => report({ kind: "traces-lost", says });
    const { tracer } = started.use(
      await startTracing({ endpoint: isZipkin ? undefined : endpoint, serviceName, onProblem }),
    );
    const building = createChangeSpans(tracer, () => performance.timeOrigin + performance.now());
    started.defer(building.end);
    spans = building;
  }
  const observe = (note: Note) => {
    // A trace begins before the first line that names it, and ends after the last.
    if (note.kind === "documents-changed") spans?.take(note);
    report(note);
    if (note.kind !== "documents-changed") spans?.take(note);
  };
  const running = started.move();
  return {
    observe,
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    readGaugesFrom(next) {
      readings = next;
    },
    logLevel: log.level,
    setLogLevel(next, by) {
      log.setLevel(next);
      observe({ kind: "log-level-set", level: next, by });
    },
    async [Symbol.asyncDispose]() {
      registry.clear();
      await running.disposeAsync();
    },
  };
}
