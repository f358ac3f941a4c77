import type { SpanContext } from "@opentelemetry/api";
import type { Tracer } from "../ports/tracer.ts";

// OTLP goes wherever the variables of the OpenTelemetry specification say; without one nothing here is loaded.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
const endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

export type Tracing = { readonly tracer: Tracer } & AsyncDisposable;

/** Spans exported over OTLP/HTTP or to Zipkin, or undefined where neither is asked for. */
export async function startTracing(
  env: Readonly<Record<string, string | undefined>>,
  serviceName: string,
): Promise<Tracing | undefined> {
  // Zipkin's own format goes where OTEL_EXPORTER_ZIPKIN_ENDPOINT says.
  const isZipkin = env["OTEL_TRACES_EXPORTER"] === "zipkin";
  if (!isZipkin && !endpoints.some((name) => env[name])) return undefined;
  const [{ NodeSDK }, { OTLPTraceExporter }, api] = await Promise.all([
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/api"),
  ]);
  const sdk = new NodeSDK({
    serviceName: env["OTEL_SERVICE_NAME"] ?? serviceName,
    ...(!isZipkin && { traceExporter: new OTLPTraceExporter() }),
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const tracer = trace.getTracer("@weir/report-service");
  return {
    tracer: {
      start({ name, kind, parent, attributes }) {
        const remote = parseTraceparent(parent);
        const context = remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
        const spanKind = kind === "server" ? SpanKind.SERVER : SpanKind.CONSUMER;
        const span = tracer.startSpan(name, { kind: spanKind, attributes }, context);
        return {
          traceparent: formatTraceparent(span.spanContext()),
          end(more, failure) {
            span.setAttributes(more);
            if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
            span.end();
          },
        };
      },
    },
    [Symbol.asyncDispose]: () => sdk.shutdown(),
  };
}

// https://www.w3.org/TR/trace-context/#traceparent-header
function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(text ?? "") ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
