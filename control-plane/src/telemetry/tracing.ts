import { setTimeout as delay } from "node:timers/promises";
import type { Tracer } from "@opentelemetry/api";

export type Tracing = AsyncDisposable & { readonly tracer: Tracer };

// The exporter tries again until its timeout, 10 s by default; a collector that is away must not keep the process from ending.
const exportTimeoutMs = 2_000;
const lastExportMs = 2_500;

/**
 * Whether the OpenTelemetry specification's variables ask for Zipkin's own format, which the SDK then sends where
 * OTEL_EXPORTER_ZIPKIN_ENDPOINT says. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function toZipkin(env: Readonly<Record<string, string | undefined>>): boolean {
  return env["OTEL_TRACES_EXPORTER"] === "zipkin";
}

/**
 * Spans over OTLP/HTTP to a collector at `endpoint` (`http://127.0.0.1:4318`); undefined leaves to the variables where they go. The SDK is 67 packages and takes 0.2 s to
 * load, so it is loaded only here; it obeys the OTEL_… variables for sampling, batching, headers and resource attributes.
 */
export async function startTracing({
  endpoint,
  serviceName,
  onProblem,
}: {
  readonly endpoint: string | undefined;
  readonly serviceName: string;
  /** Hears what the SDK has to complain of, e.g. a collector that cannot be reached. */
  readonly onProblem: (says: string) => void;
}): Promise<Tracing> {
  const [{ context, DiagLogLevel, diag, logs, propagation, trace }, { OTLPTraceExporter }, { NodeSDK }] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/sdk-node"),
    ]);
  const ignored = () => undefined;
  const logger = { error: onProblem, warn: onProblem, info: ignored, debug: ignored, verbose: ignored };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const sdk = new NodeSDK({
    serviceName,
    ...(endpoint !== undefined && {
      traceExporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: exportTimeoutMs }),
    }),
    // Left out they would be taken from the environment and export metrics and logs too; those are ours already.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  return {
    tracer: trace.getTracer("weir"),
    async [Symbol.asyncDispose]() {
      const exported = sdk.shutdown().catch((cause: unknown) => onProblem(String(cause)));
      await Promise.race([exported, delay(lastExportMs, undefined, { ref: false })]);
      for (const registered of [trace, context, propagation, logs, diag]) registered.disable();
    },
  };
}
