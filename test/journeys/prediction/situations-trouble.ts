import type { Situation } from "./situation.ts";

const ejecting = (maxEjectionPercent: number, more: object = {}) => ({
  loadBalancer: { type: "RoundRobin" },
  outlierDetection: { interval: "1s", baseEjectionTime: "1h", maxEjectionTime: "1h", maxEjectionPercent },
  ...more,
});
const noEjection = { loadBalancer: { type: "RoundRobin" }, outlierDetection: { enabled: false } };
const threeEach = (a: string, b = "ok ok ok", c = "ok ok ok") => ({ "dc-a/z1": a, "dc-b/z1": b, "dc-c/z1": c });
const bad = "erring erring erring";
const dead = "gone gone gone";
const order = { to: { "dc-a": 100 }, failover: ["dc-b", "dc-c"] };
const split = { to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] };
const thirds = { to: { "dc-a": 34, "dc-b": 33, "dc-c": 33 } };

/** What clients find out themselves: endpoints that err, or are gone. */
export const trouble: readonly Situation[] = [
  { name: "one of three errs and is ejected", endpoints: { "dc-a/z1": "ok ok erring" }, policy: ejecting(100) },
  { name: "one of three errs, 10 % may be ejected", endpoints: { "dc-a/z1": "ok ok erring" }, policy: ejecting(10) },
  { name: "one of three errs, nothing is ejected", endpoints: { "dc-a/z1": "ok ok erring" }, policy: noEjection },
  {
    name: "three of nine err and are ejected",
    endpoints: threeEach("ok ok erring", "ok erring ok", "erring ok ok"),
    ...thirds,
    policy: ejecting(100),
  },
  {
    name: "a weighted data center errs: the failover takes a part",
    endpoints: threeEach(bad),
    ...split,
    policy: ejecting(100),
  },
  { name: "both weighted data centers err", endpoints: threeEach(bad, bad), ...split, policy: ejecting(100) },
  {
    name: "the first in order errs, 10 % may be ejected: Envoy stays",
    endpoints: threeEach(bad),
    ...order,
    policy: ejecting(10),
    localitiesOnly: true,
  },
  { name: "the first in order errs, 34 % may be ejected", endpoints: threeEach(bad), ...order, policy: ejecting(34) },
  {
    name: "the first two in order err, 50 % may be ejected",
    endpoints: threeEach(bad, bad),
    ...order,
    policy: ejecting(50),
    localitiesOnly: true,
  },
  {
    name: "the first two in order err, all may be ejected",
    endpoints: threeEach(bad, bad),
    ...order,
    policy: ejecting(100),
  },
  {
    name: "two of three weighted data centers err, panic 50",
    endpoints: threeEach(bad, bad),
    ...thirds,
    policy: ejecting(100, { panicThreshold: 50 }),
  },
  {
    name: "two of three weighted data centers err, panic 20",
    endpoints: threeEach(bad, bad),
    ...thirds,
    policy: ejecting(100, { panicThreshold: 20 }),
  },
  {
    name: "all err, panic 20",
    endpoints: threeEach(bad, bad, bad),
    ...thirds,
    policy: ejecting(100, { panicThreshold: 20 }),
    localitiesOnly: true,
  },
  {
    name: "all err, panic 0",
    endpoints: threeEach(bad, bad, bad),
    ...thirds,
    policy: ejecting(100, { panicThreshold: 0 }),
  },
  { name: "a weighted data center is gone", endpoints: threeEach(dead), ...split, policy: ejecting(100) },
  {
    name: "two of three of a data center are gone",
    endpoints: threeEach("ok gone gone"),
    ...split,
    policy: ejecting(100),
  },
  {
    name: "the first in order is gone, 10 % may be ejected: only Envoy stays",
    endpoints: threeEach(dead),
    ...order,
    policy: ejecting(10),
  },
  {
    name: "two of three are gone, nothing is ejected",
    endpoints: { "dc-a/z1": "ok gone gone", "dc-b/z1": "ok" },
    to: { "dc-a": 60, "dc-b": 40 },
    policy: noEjection,
  },
  {
    name: "two of three are gone, and health checks find out",
    endpoints: { "dc-a/z1": "ok gone gone", "dc-b/z1": "ok" },
    to: { "dc-a": 60, "dc-b": 40 },
    policy: { ...noEjection, healthCheck: { tcp: {}, interval: "1s", timeout: "10s", unhealthyThreshold: 3 } },
  },
  {
    name: "one errs, and its health checks are told that all is well",
    endpoints: { "dc-a/z1": "ok erring", "dc-b/z1": "ok" },
    to: { "dc-a": 50, "dc-b": 50 },
    policy: { ...noEjection, healthCheck: { grpc: {}, interval: "1s", timeout: "10s", unhealthyThreshold: 3 } },
  },
  {
    name: "erring, gone, failing and degraded ones together",
    endpoints: threeEach("ok erring failing", "gone ok weak", "ok ok ok"),
    ...split,
    policy: ejecting(100),
  },
  {
    name: "erring ones of great weight",
    endpoints: { "dc-a/z1": "ok*100 ok*200 erring*700", "dc-b/z1": "ok ok" },
    to: { "dc-a": 80, "dc-b": 20 },
    policy: ejecting(100),
  },
];
