import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "./parse-document.ts";

test("everything that a route document says is in the model", () => {
  const rule = {
    name: "canary",
    matches: [
      { method: { service: "report.v1.Reports", method: "GetReport" }, percent: 5 },
      {
        path: { value: "/v1/reports/" },
        headers: [
          { name: "x-a", value: "1" },
          { name: "x-b", value: "1", type: "Prefix", invert: true },
          { name: "x-c", type: "Present" },
        ],
        queryParameters: [{ name: "version", value: "2|3", type: "RegularExpression" }],
      },
    ],
    backendRefs: [{ service: "report", subset: "v2", weight: 3 }, { service: "report" }],
    mirror: { service: "copy", percent: 1 },
    hashOn: { firstOf: [{ header: "x-report-id" }, { sourceAddress: {} }] },
    timeouts: { request: "0s", streamIdle: "5m" },
    requestHeaders: { set: { "x-to": "v2" }, add: { b: "2", a: "1" }, remove: ["x-debug", "x-debug"] },
    sessionAffinity: { cookie: { name: "session", ttl: "1h" } },
  };
  const none = { set: [], add: [], remove: [] };
  assert.deepEqual(modelOf({ hosts: ["report"], rules: [rule] }), {
    name: "routes",
    hosts: ["report"],
    rules: [
      {
        name: "canary",
        matches: [
          {
            path: { kind: "method", type: "exact", service: "report.v1.Reports", method: "GetReport" },
            ...{ headers: [], queryParameters: [], percent: 5 },
          },
          {
            path: { kind: "prefix", path: "/v1/reports" },
            headers: [
              { name: "x-a", value: { kind: "exact", text: "1" }, invert: false },
              { name: "x-b", value: { kind: "prefix", text: "1" }, invert: true },
              { name: "x-c", value: { kind: "present" }, invert: false },
            ],
            queryParameters: [{ name: "version", value: { kind: "regex", regex: "2|3" } }],
            percent: 100,
          },
        ],
        backends: [
          { service: "report", subset: "v2", weight: 3 },
          { service: "report", subset: undefined, weight: 1 },
        ],
        mirrors: [{ service: "copy", subset: undefined, percent: 1 }],
        hashOn: [{ kind: "header", name: "x-report-id" }, { kind: "source-address" }],
        timeouts: { requestMs: 0, streamIdleMs: 300_000, maxStreamMs: undefined },
        retry: undefined,
        requestHeaders: {
          set: [{ name: "x-to", value: "v2" }],
          add: [
            { name: "a", value: "1" },
            { name: "b", value: "2" },
          ],
          remove: ["x-debug"],
        },
        responseHeaders: none,
        sessionAffinity: { kind: "cookie", name: "session", path: "/", ttlMs: 3_600_000 },
        fault: undefined,
        rateLimit: undefined,
      },
    ],
  });
});

test("a route is for the host of its own name unless it says others, and a rule for every request", () => {
  const { hosts, rules } = modelOf({ rules: [{ backendRefs: [{ service: "report" }] }] });
  assert.deepEqual(hosts, ["routes"]);
  assert.deepEqual(rules[0]?.matches, []);
});

test("retries of a rule stand in for all that the policy says, but for the budget", () => {
  const { rules } = modelOf({ rules: [{ backendRefs: [{ service: "report" }], retry: { attempts: 5 } }] });
  assert.equal(rules[0]?.retry?.kind === "on" && rules[0].retry.attempts, 5);
  const off = modelOf({ rules: [{ backendRefs: [{ service: "report" }], retry: { attempts: 0 } }] });
  assert.equal(off.rules[0]?.retry?.kind, "off");
});

function modelOf(spec: object) {
  const result = parseDocument({ apiVersion: "weir/v1alpha1", kind: "Route", metadata: { name: "routes" }, spec });
  assert.ok(result.ok, JSON.stringify(result));
  assert.ok(result.value.kind === "Route");
  return result.value.model;
}
