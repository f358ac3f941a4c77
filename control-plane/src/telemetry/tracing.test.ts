import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { test } from "node:test";
import type { ViewerKey } from "../model/viewer.ts";
import type { Note } from "./note.ts";
import { startTelemetry } from "./telemetry.ts";
import { lineCollector } from "./testing.ts";

type Attribute = {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
};
type SpanData = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string }[];
  readonly status: { readonly code: number; readonly message?: string };
};
type Export = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SpanData[] }[];
  }[];
};

/** A collector that keeps what it is sent. */
async function startCollector() {
  const exports: Export[] = [];
  const server = createServer(async (request, response) => {
    exports.push((await json(request)) as Export);
    response.setHeader("content-type", "application/json").end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports,
    spans: () =>
      exports.flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function config(endpoint: string) {
  return { log: { level: "info" }, otlp: { endpoint, serviceName: "weir-test" } } as const;
}

const viewer = "envoy/edge/dc-a/z1/0.0.0.0:10000" as ViewerKey;
const client = { nodeId: "edge-1", client: "envoy" } as const;
const push = { type: "endpoints", nonce: "7", version: "v2" } as const;

function changed(revision: number): Note {
  const changes = [{ documentKind: "TrafficSplit", name: "report", action: "update" }] as const;
  return {
    kind: "documents-changed",
    entry: { revision, at: new Date(Date.now() - 5), by: "ana", through: "api", reason: "CHG-1", changes },
  };
}

function attribute({ attributes }: SpanData, key: string): unknown {
  const { stringValue, intValue } = attributes.find((each) => each.key === key)?.value ?? {};
  return stringValue ?? (intValue === undefined ? undefined : Number(intValue));
}

test("a change is one trace: applied, translated, pushed and acknowledged", async () => {
  await using collector = await startCollector();
  const { stream, lines } = lineCollector();
  {
    await using telemetry = await startTelemetry(config(collector.endpoint), stream);
    const notes: readonly Note[] = [
      changed(42),
      { kind: "published", viewer, revision: 42, changed: 1, removed: 0, tookMs: 2 },
      { kind: "sent", ...push, resources: 1, removed: 0, revision: 42, bytes: 228, ...client },
      { kind: "sent", ...push, resources: 1, removed: 0, revision: 42, bytes: 228, ...client, nodeId: "edge-2" },
      { kind: "acked", tookMs: 5, ...push, ...client },
      { kind: "rejected", of: 1, ...push, names: ["report"], reason: "no such locality", ...client, nodeId: "edge-2" },
      { kind: "converged", revision: 42, tookMs: 30, clients: 2 },
    ];
    notes.forEach(telemetry.observe);
  }
  const spans = collector.spans();
  const root = spans.find(({ name }) => name === "change");
  assert.ok(root);
  assert.equal(root.parentSpanId, undefined);
  assert.equal(attribute(root, "weir.revision"), 42);
  assert.equal(attribute(root, "weir.by"), "ana");
  const children = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  assert.deepEqual(children.map(({ name }) => name).toSorted(), ["apply", "push", "push", "translate"]);
  assert.equal(spans.length, 5);
  assert.ok(spans.every(({ traceId }) => traceId === root.traceId));
  assert.ok(
    children.every(
      (span) =>
        BigInt(span.startTimeUnixNano) >= BigInt(root.startTimeUnixNano) &&
        BigInt(span.endTimeUnixNano) <= BigInt(root.endTimeUnixNano),
    ),
  );

  const answers = children
    .filter(({ name }) => name === "push")
    .map((span) => [attribute(span, "weir.node"), span.events.map(({ name }) => name), span.status.message]);
  assert.deepEqual(answers.toSorted(), [
    ["edge-1", ["ack"], undefined],
    ["edge-2", ["nack"], "no such locality"],
  ]);
  const service = collector.exports[0]?.resourceSpans[0]?.resource.attributes.find(({ key }) => key === "service.name");
  assert.equal(service?.value.stringValue, "weir-test");

  assert.deepEqual(
    lines.filter((line) => line.trace_id === root.traceId).map(({ msg }) => msg),
    ["r42 by ana: update TrafficSplit report", "r42 is held by all 2 clients after 30 ms"],
  );
});

test("a change that thousands of clients hear of shows some of them and counts the others", async () => {
  await using collector = await startCollector();
  {
    await using telemetry = await startTelemetry(config(collector.endpoint), lineCollector().stream);
    telemetry.observe(changed(1));
    for (let index = 0; index < 1_000; index += 1)
      telemetry.observe({
        kind: "sent",
        ...push,
        resources: 1,
        removed: 0,
        revision: 1,
        ...client,
        nodeId: `edge-${index}`,
      });
    telemetry.observe({ kind: "not-converged", revision: 1, tookMs: 60_000, acked: 0, clients: 1_000 });
  }
  const spans = collector.spans();
  const root = spans.find(({ name }) => name === "change");
  assert.ok(root);
  assert.equal(spans.filter(({ name }) => name === "push").length, 200);
  assert.equal(attribute(root, "weir.pushes_not_shown"), 800);
  assert.equal(root.status.message, "1000 of 1000 clients have not answered");
});

test("the trace of what was in force at the start ends when serving begins", async () => {
  await using collector = await startCollector();
  const { stream, lines } = lineCollector();
  {
    await using telemetry = await startTelemetry(config(collector.endpoint), stream);
    telemetry.observe(changed(1));
    telemetry.observe({ kind: "serving", revision: 1, services: 1, afterMs: 100 });
    telemetry.observe({ kind: "withheld", viewer, revision: 1, cause: new Error("of another day") });
  }
  assert.deepEqual(
    collector
      .spans()
      .map(({ name }) => name)
      .toSorted(),
    ["apply", "change"],
  );
  assert.deepEqual(
    lines.map(({ trace_id }) => trace_id !== undefined),
    [true, true, false],
  );
});

test("a collector that is away is told once, and keeps nothing from ending", async () => {
  const { stream, lines } = lineCollector();
  const started = performance.now();
  {
    // Port 9 is where nothing listens (discard, RFC 863).
    await using telemetry = await startTelemetry(config("http://127.0.0.1:9"), stream);
    telemetry.observe(changed(1));
  }
  assert.ok(performance.now() - started < 5_000);
  const [change, lost, ...more] = lines.map(({ msg }) => msg);
  assert.equal(change, "r1 by ana: update TrafficSplit report");
  assert.match(String(lost), /^traces could not be exported: .*ECONNREFUSED 127.0.0.1:9/);
  assert.deepEqual(more, []);
});
