import { z } from "zod";
import { never } from "../../lib/exhaustive.ts";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { LoadBalancer, SlowStart } from "../../model/policy.ts";
import { percent, together, withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";
import { exactlyOneHashSource, hashSourceFields, hashSourcesOf } from "./hash-source-field.ts";
import { defaultRing, fieldsOfOtherTypes, largestRing, largestTable } from "./load-balancer-checks.ts";
import { weightedRoundRobin, weightedRoundRobinOf } from "./weighted-round-robin-field.ts";

const { loadBalancer: leastRequest } = defaultPolicy;
if (leastRequest.kind !== "least-request") throw new Error("the default policy must choose the least loaded");
const defaults = leastRequest;

const ringSize = z.int().min(1).max(largestRing);

/** Envoy's own. */
const defaultTable = 65_537;

const hashing = z.strictObject({
  ...hashSourceFields,
  minimumRingSize: ringSize.optional().describe("RingHash only: entries at least. Default: 1024."),
  maximumRingSize: ringSize
    .optional()
    .describe(`RingHash only: entries at most; gRPC clients stay below 4096 themselves. Default: ${largestRing}.`),
  tableSize: z
    .int()
    // A small table is unfair, and one with fewer entries than endpoints leaves some out.
    .min(1009)
    .max(largestTable)
    .optional()
    .describe(`Maglev only: entries, a prime number. Default: ${defaultTable}.`),
  balanceFactor: z
    .int()
    .min(100)
    .max(10_000)
    .optional()
    .describe(
      "Envoy only, percent of the average load: an endpoint that has so much passes requests on. Default: no limit.",
    ),
});

const slowStart = z.strictObject({
  window: duration({ minMs: 1 }).describe("How long an endpoint is new."),
  aggression: withDefault(z.number().min(0.1).max(100), 1, "1 grows evenly, more grows faster at first."),
  minWeightPercent: withDefault(percent(1), 10, "Percent of its weight that a new endpoint begins with."),
});

export const loadBalancer = together(
  z.strictObject({
    type: withDefault(
      z.enum(["RoundRobin", "LeastRequest", "Random", "RingHash", "Maglev", "WeightedRoundRobin"]),
      "LeastRequest",
      "How an endpoint is chosen. Where gRPC clients lack one they use round robin, for Maglev ring hash.",
    ),
    choices: z
      .int()
      .min(2)
      .max(100)
      .optional()
      .describe("LeastRequest only: of so many random endpoints the one with the fewest requests. Default: 2."),
    activeRequestBias: z
      .number()
      .min(0)
      .max(10)
      .optional()
      .describe(
        "LeastRequest with weights that differ, Envoy only: how much requests in flight lower a weight; 0 not at all. Default: 1.",
      ),
    consistentHash: exactlyOneHashSource(hashing)
      .optional()
      .describe(
        "RingHash and Maglev only, and needed there: what decides, one of header, cookie, sourceAddress, method, firstOf.",
      ),
    weightedRoundRobin: weightedRoundRobin
      .optional()
      .describe("WeightedRoundRobin only: how weights follow from the load that endpoints report (ORCA)."),
    slowStart: slowStart
      .optional()
      .describe(
        "RoundRobin, LeastRequest and WeightedRoundRobin, Envoy only: new endpoints get little at first. Default: none.",
      ),
  }),
  fieldsOfOtherTypes,
);

type Spec = z.output<typeof loadBalancer>;

/** What `spec.loadBalancer` says. */
export function loadBalancerOf(spec: Spec): LoadBalancer {
  const slowStart = slowStartOf(spec);
  switch (spec.type) {
    case "RoundRobin":
      return { kind: "round-robin", slowStart };
    case "LeastRequest": {
      const { choices = defaults.choices, activeRequestBias = defaults.activeRequestBias } = spec;
      return { kind: "least-request", choices, activeRequestBias, slowStart };
    }
    case "Random":
      return { kind: "random" };
    case "RingHash": {
      const { minimumRingSize = defaultRing, maximumRingSize = largestRing, balanceFactor, ...on } = hashingOf(spec);
      return { kind: "ring-hash", hashOn: hashSourcesOf(on), minimumRingSize, maximumRingSize, balanceFactor };
    }
    case "Maglev": {
      const { tableSize = defaultTable, balanceFactor, ...on } = hashingOf(spec);
      return { kind: "maglev", hashOn: hashSourcesOf(on), tableSize, balanceFactor };
    }
    case "WeightedRoundRobin":
      return { ...weightedRoundRobinOf(spec.weightedRoundRobin ?? weightedRoundRobin.parse({})), slowStart };
    default:
      return never(spec.type);
  }
}

function hashingOf({ type, consistentHash }: Spec): z.output<typeof hashing> {
  if (consistentHash === undefined) throw new Error(`${type} passed its schema without consistentHash`);
  return consistentHash;
}

function slowStartOf({ slowStart }: Spec): SlowStart | undefined {
  if (slowStart === undefined) return undefined;
  const { window, ...same } = slowStart;
  return { ...same, windowMs: durationMs(window) };
}
