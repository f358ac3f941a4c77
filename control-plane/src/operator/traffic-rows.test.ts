import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEndpointList } from "../model/endpoint-entry.ts";
import { type LocalityPattern, parseLocalityPattern } from "../model/locality.ts";
import { parseServiceName, parseSourceName } from "../model/names.ts";
import type { Endpoint } from "../model/service.ts";
import { plainSplit, type Split, type SplitRule } from "../model/split.ts";
import { trafficRows } from "./traffic-rows.ts";

test("shares, standbys and the rule for everybody else are told one line each, with what stands there", () => {
  const split = splitOf([
    {
      from: pattern("dc-a/*"),
      spread: {
        kind: "shares",
        to: [
          { locality: pattern("dc-a"), percent: 80 },
          { locality: pattern("dc-b"), percent: 20 },
        ],
      },
      failover: [pattern("dc-c")],
    },
  ]);
  assert.deepEqual(shown(split), [
    "dc-a -> dc-a P0 share 80 % 1/2",
    "dc-a -> dc-b P0 share 20 % 1/1",
    "dc-a -> dc-c P1 standby 0/0",
    "* -> nearest P0 nearest 100 % 2/3",
  ]);
});

test("a rule for everybody leaves nobody to the default", () => {
  const split = splitOf([{ from: pattern("*"), spread: { kind: "nearest" }, failover: [pattern("dc-b")] }]);
  assert.deepEqual(shown(split), ["* -> nearest P0 nearest 100 % 2/3", "* -> dc-b P1 standby 1/1"]);
});

test("without a split everybody is sent to the nearest", () => {
  assert.deepEqual(shown(undefined), ["* -> nearest P0 nearest 100 % 2/3"]);
});

function shown(split: Split | undefined): readonly string[] {
  return trafficRows(split, endpoints).map(({ from, to, use, priority, weightPercent, serving, total }) => {
    const weight = weightPercent === undefined ? "" : ` ${weightPercent} %`;
    return `${from} -> ${to} P${priority} ${use}${weight} ${serving}/${total}`;
  });
}

const endpoints = endpointsOf([
  { address: "10.1.0.1:90", locality: "dc-a/z1" },
  { address: "10.1.0.2:90", locality: "dc-a/z2", health: "draining" },
  { address: "10.2.0.1:90", locality: "dc-b/z1" },
]);

function endpointsOf(raw: unknown): readonly Endpoint[] {
  const source = parseSourceName("static");
  const result = source && parseEndpointList(raw, "", source);
  assert.ok(result?.ok);
  return result.value;
}

function splitOf(rules: readonly SplitRule[]): Split {
  const service = parseServiceName("report");
  assert.ok(service);
  return { name: "report", service, rules, ...plainSplit };
}

function pattern(text: string): LocalityPattern {
  const result = parseLocalityPattern(text);
  assert.ok(result.ok);
  return result.value;
}
