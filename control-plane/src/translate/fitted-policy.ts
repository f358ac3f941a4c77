import { defaultPolicy } from "../model/default-policy.ts";
import type { GrpcCapabilities } from "../model/grpc-capabilities.ts";
import type { LoadBalancer, OutlierDetection, Retry, TrafficPolicy } from "../model/policy.ts";
import type { RouteRule } from "../model/route.ts";

// What gRPC libraries refuse or misread, and what they are told of instead: docs/gotchas.md.

/** The policy as this gRPC client can be told of it; the same object where that is all of it. */
export function policyFor(policy: TrafficPolicy, grpc: GrpcCapabilities): TrafficPolicy {
  const retry = retryFor(policy.retry, grpc);
  const loadBalancer = loadBalancerFor(policy.loadBalancer, grpc);
  const outlierDetection = outlierDetectionFor(policy.outlierDetection, grpc);
  const isSame =
    retry === policy.retry && loadBalancer === policy.loadBalancer && outlierDetection === policy.outlierDetection;
  return isSame ? policy : { ...policy, retry, loadBalancer, outlierDetection };
}

/** The same for what a rule of a Route says in place of the policy. */
export function ruleFor(rule: RouteRule, grpc: GrpcCapabilities): RouteRule {
  const retry = rule.retry && retryFor(rule.retry, grpc);
  return retry === rule.retry ? rule : { ...rule, retry };
}

/**
 * The waits that a library reads right, in milliseconds. grpc-js-xds 1.14.1 decodes seconds as text and adds the rest to it: 1s
 * becomes `"1" + 0`, which is 10 s. In the C core 58 calls that are to wait for 1 ms hang until their deadline: with its
 * jitter that is sometimes no time at all.
 */
const waits: Readonly<Partial<Record<GrpcCapabilities["implementation"], readonly [least: number, most: number]>>> = {
  node: [1, 999],
  core: [2, Number.MAX_SAFE_INTEGER],
};

function retryFor(retry: Retry, { implementation }: GrpcCapabilities): Retry {
  const range = waits[implementation];
  if (retry.kind === "off" || range === undefined) return retry;
  const [least, most] = range;
  const within = (ms: number) => Math.min(Math.max(ms, least), most);
  const { baseMs, maxMs } = retry.backOff;
  const backOff = { baseMs: within(baseMs), maxMs: within(maxMs) };
  return backOff.baseMs === baseMs && backOff.maxMs === maxMs ? retry : { ...retry, backOff };
}

/**
 * A cluster with a policy that a client does not know is refused, and with it every other of the response (gRFC A27). The weighted
 * round robin of grpc-js 1.14, off unless its environment says so, sends a new endpoint nothing, so that it never reports a
 * load, and so on for ever; and it reads no `cpu_utilization`.
 */
function loadBalancerFor(balancer: LoadBalancer, { implementation, lacks }: GrpcCapabilities): LoadBalancer {
  const isByHash = balancer.kind === "ring-hash" || balancer.kind === "maglev";
  const isStarved = balancer.kind === "weighted-round-robin" && implementation === "node";
  if (isStarved || (isByHash && lacks.includes("ring-hash"))) return { kind: "round-robin", slowStart: undefined };
  return balancer;
}

/**
 * grpc-js 1.14.7 decides whether calls are counted when an endpoint's connection changes, not when it is told to detect: turned
 * on later, it ejected nothing as long as all connections lived. So Node clients always count, and never eject while it is off.
 */
function outlierDetectionFor(detection: OutlierDetection, { implementation }: GrpcCapabilities): OutlierDetection {
  if (implementation !== "node") return detection;
  if (detection.kind === "off") return { ...countingOnly, failurePercentage: never };
  const counts = detection.failurePercentage.enforcing > 0 || detection.successRate.enforcing > 0;
  return counts ? detection : { ...detection, failurePercentage: never };
}

if (defaultPolicy.outlierDetection.kind !== "on") throw new Error("the default policy must have outlier detection on");

/** What was ejected before comes back within a second. */
const countingOnly = { ...defaultPolicy.outlierDetection, intervalMs: 1_000, baseEjectionMs: 1, maxEjectionMs: 1 };

/** More than all calls would have to fail, on more endpoints than there are. */
const never = { enforcing: 100, threshold: 100, minimumHosts: 1_000_000_000, requestVolume: 1_000_000_000 };
