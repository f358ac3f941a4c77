import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { patternText } from "../../model/locality.ts";
import { policy } from "../testing.ts";
import { parseDocument } from "./parse-document.ts";

function policyOf(spec: Record<string, unknown>) {
  const parsed = parseDocument(policy("report", spec));
  assert.ok(parsed.ok && parsed.value.kind === "TrafficPolicy", JSON.stringify(parsed));
  return parsed.value.model.policy;
}

function problemsOf(spec: Record<string, unknown>) {
  const parsed = parseDocument(policy("report", spec));
  return parsed.ok ? [] : parsed.problems.map(problemText);
}

test("every knob of outlier detection is in the model", () => {
  const localOrigin = {
    consecutiveFailures: 7,
    enforcingConsecutiveFailures: 90,
    enforcingSuccessRate: 40,
    enforcingFailurePercentage: 50,
  };
  const same = {
    maxEjectionPercent: 60,
    alwaysEjectOneHost: true,
    successfulActiveHealthCheckUnejectHost: false,
    detectDegradedHosts: true,
    consecutive5xxErrors: 3,
    enforcingConsecutive5xxErrors: 80,
    consecutiveGatewayErrors: 4,
    enforcingConsecutiveGatewayErrors: 70,
    localOrigin,
    failurePercentage: { enforcing: 75, threshold: 30, minimumHosts: 2, requestVolume: 20 },
    successRate: { enforcing: 25, minimumHosts: 3, requestVolume: 40, stdevFactor: 1500 },
  };
  const times = { interval: "2s", baseEjectionTime: "10s", maxEjectionTime: "1m", maxEjectionTimeJitter: "3s" };
  assert.deepEqual(policyOf({ outlierDetection: { ...times, ...same } }).outlierDetection, {
    kind: "on",
    ...same,
    intervalMs: 2000,
    baseEjectionMs: 10_000,
    maxEjectionMs: 60_000,
    maxJitterMs: 3000,
  });
});

test("ejections end within a sixth of their time of each other unless told", () => {
  const { outlierDetection } = policyOf({ outlierDetection: { baseEjectionTime: "1m" } });
  assert.equal(outlierDetection.kind === "on" && outlierDetection.maxJitterMs, 10_000);
});

test("codes of gRPC and conditions of HTTP are told apart", () => {
  const { retry } = policyOf({
    retry: {
      retryOn: ["gateway-error", "UNAVAILABLE", "5xx", "UNAVAILABLE"],
      retriableStatusCodes: [503, 425, 503],
      retriableHeaders: ["x-again"],
      rateLimitedBackOff: {},
      otherPriority: {},
      otherHost: false,
    },
  });
  assert.ok(retry.kind === "on");
  assert.deepEqual(retry.retryOn, ["UNAVAILABLE"]);
  assert.deepEqual(retry.conditions, ["gateway-error", "5xx"]);
  assert.deepEqual(retry.statusCodes, [503, 425]);
  assert.deepEqual(retry.headers, ["x-again"]);
  assert.deepEqual(retry.rateLimitedBackOff, { headers: [{ name: "retry-after", format: "seconds" }], maxMs: 300_000 });
  assert.deepEqual(retry.otherPriority, { updateFrequency: 2 });
  assert.equal(retry.otherHost, undefined);
});

test("connections are kept as they are told", () => {
  const { connection, circuitBreaker, timeouts } = policyOf({
    connection: {
      tcpKeepalive: { enabled: false },
      ping: { afterIdle: "0s", interval: "5m" },
      maxConcurrentStreams: 100,
      maxRequestsPerConnection: 1000,
      maxConnectionDuration: "30m",
      preconnect: 1.5,
      drainOnEndpointChange: true,
    },
    circuitBreaker: { maxRetries: 0 },
    timeouts: { streamIdle: "0s", maxStream: "1h" },
  });
  assert.deepEqual(connection, {
    tcpKeepalive: { kind: "off" },
    ping: { afterIdleMs: 0, intervalMs: 300_000, timeoutMs: 5000 },
    maxConcurrentStreams: 100,
    maxRequestsPerConnection: 1000,
    maxConnectionMs: 1_800_000,
    preconnect: 1.5,
    drainOnEndpointChange: true,
  });
  assert.equal(circuitBreaker.maxRetries, 0);
  assert.deepEqual([timeouts.streamIdleMs, timeouts.maxStreamMs], [0, 3_600_000]);
});

test("health checks say what is asked, which answers are good, and where it is different", () => {
  const { healthCheck } = policyOf({
    healthCheck: {
      http: { path: "/ready", expectedStatuses: ["200-299", 304], retriableStatuses: ["503"], method: "HEAD" },
      perLocality: { "dc-c": { port: 9091 }, "dc-b/*": { disabled: true } },
    },
  });
  assert.ok(healthCheck.kind === "on");
  assert.deepEqual(healthCheck.check, {
    kind: "http",
    path: "/ready",
    host: undefined,
    method: "HEAD",
    expectedStatuses: [
      { from: 200, to: 299 },
      { from: 304, to: 304 },
    ],
    retriableStatuses: [{ from: 503, to: 503 }],
  });
  assert.deepEqual(
    healthCheck.perLocality.map(({ locality, disabled, port }) => [patternText(locality), disabled, port]),
    [
      ["dc-c", false, 9091],
      ["dc-b", true, undefined],
    ],
  );
});

test("a TCP check sends and expects bytes", () => {
  const tcp = { send: { text: "é" }, receive: [{ hex: "00fF" }] };
  const { healthCheck } = policyOf({ healthCheck: { tcp } });
  assert.ok(healthCheck.kind === "on" && healthCheck.check.kind === "tcp");
  assert.deepEqual(healthCheck.check.send, Uint8Array.of(0xc3, 0xa9));
  assert.deepEqual(healthCheck.check.receive, [Uint8Array.of(0, 255)]);
});

test("what Envoy or the kernel would refuse is refused, all of it at once", () => {
  const said = problemsOf({
    connection: {
      tcpKeepalive: { idle: "1500ms", interval: "10h", probes: 200 },
      preconnect: 4,
      ping: { timeout: "0s" },
    },
    healthCheck: {
      tcp: { send: { hex: "0" }, receive: [{ text: "a", hex: "00" }] },
      perLocality: { "dc-a": { host: "x" }, "dc-a/*": {}, "a/b/c/d": { port: 1 }, "dc-b": { disabled: true, port: 1 } },
    },
    retry: { retriableHeaders: ["X-Again"], rateLimitedBackOff: { headers: [] }, retriableStatusCodes: [200] },
  });
  assert.deepEqual(
    said.map((text) => text.replace(/^spec\./, "").replace(/(region\/zone or ).*/, "$1…")),
    [
      "retry.retriableStatusCodes[0]: expected a whole number from 300 to 599, not 200",
      'retry.retriableHeaders[0]: expected the name of a header in lower case, not "X-Again"',
      "retry.rateLimitedBackOff.headers: expected a list of 1 to 10 entries, not an empty list",
      "connection.tcpKeepalive.idle: expected whole seconds",
      "connection.tcpKeepalive.interval: expected a duration from 1s to 9h6m7s, not 10h",
      "connection.tcpKeepalive.probes: expected a whole number from 1 to 127, not 200",
      "connection.ping.timeout: expected a duration from 1ms to 24h, not 0s",
      "connection.preconnect: expected a number from 1 to 3, not 4",
      'healthCheck.tcp.send.hex: expected bytes in hexadecimal, such as 00ff, not "0"',
      "healthCheck.tcp.receive[0].hex: expected only one of text, hex, not text and hex together",
      "healthCheck.perLocality.dc-b.disabled: asks nobody, so port and host mean nothing",
      "healthCheck.perLocality.dc-a.host: is for grpc and http, not tcp",
      'healthCheck.perLocality["dc-a/*"]: names the same place as dc-a',
      'healthCheck.perLocality["a/b/c/d"]: "a/b/c/d" names no locality: expected region, region/zone or …',
    ],
  );
});

test("ranges of statuses go from less to more", () => {
  assert.deepEqual(problemsOf({ healthCheck: { http: { path: "/", expectedStatuses: ["299-200", 600] } } }), [
    "spec.healthCheck.http.expectedStatuses[0]: expected a range from less to more, such as 200-299",
    "spec.healthCheck.http.expectedStatuses[1]: expected a whole number from 100 to 599, or text, not 600",
  ]);
});
