import type { Situation } from "./situation.ts";

const roundRobin = { loadBalancer: { type: "RoundRobin" } };
const twoAndTwo = { "dc-a/z1": "ok ok", "dc-b/z1": "ok ok" };
const three = { ...twoAndTwo, "dc-c/z1": "ok ok" };

/** Weights of data centers, zones and endpoints, with all of them well. */
export const weights: readonly Situation[] = [
  { name: "half and half", endpoints: twoAndTwo, to: { "dc-a": 50, "dc-b": 50 } },
  {
    name: "70/30 with a failover that has nothing to do",
    endpoints: three,
    to: { "dc-a": 70, "dc-b": 30 },
    failover: ["dc-c"],
  },
  { name: "99/1", endpoints: twoAndTwo, to: { "dc-a": 99, "dc-b": 1 } },
  { name: "50/30/20", endpoints: three, to: { "dc-a": 50, "dc-b": 30, "dc-c": 20 } },
  { name: "a data center of 0 %", endpoints: three, to: { "dc-a": 60, "dc-b": 0, "dc-c": 40 } },
  {
    name: "half and half over one endpoint and five",
    endpoints: { "dc-a/z1": "ok", "dc-b/z1": "ok ok ok ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
  },
  {
    name: "zones of a data center by their endpoints",
    endpoints: { "dc-a/z1": "ok", "dc-a/z2": "ok ok ok", "dc-b/z1": "ok ok" },
    to: { "dc-a": 80, "dc-b": 20 },
  },
  {
    name: "zones by their own shares",
    endpoints: { "dc-a/z1": "ok ok", "dc-a/z2": "ok ok", "dc-b/z1": "ok" },
    to: { "dc-a/z1": 10, "dc-a/z2": 60, "dc-b": 30 },
  },
  {
    name: "endpoints of unequal weight, round robin",
    endpoints: { "dc-a/z1": "ok*300 ok*100", "dc-b/z1": "ok*100 ok*100" },
    to: { "dc-a": 70, "dc-b": 30 },
    policy: roundRobin,
  },
  {
    name: "endpoints of unequal weight, least request, one at a time",
    endpoints: { "dc-a/z1": "ok*300 ok*100", "dc-b/z1": "ok*200 ok*100" },
    to: { "dc-a": 50, "dc-b": 50 },
    atOnce: 1,
  },
  {
    name: "unequal weights that least request is not to bend",
    endpoints: { "dc-a/z1": "ok*300 ok*100 ok*100" },
    policy: { loadBalancer: { type: "LeastRequest", activeRequestBias: 0 } },
  },
  {
    name: "random, which no weight of an endpoint changes",
    endpoints: { "dc-a/z1": "ok*300 ok*100 ok*100", "dc-b/z1": "ok ok" },
    to: { "dc-a": 75, "dc-b": 25 },
    policy: { loadBalancer: { type: "Random" } },
  },
  {
    name: "weighted round robin without reports",
    endpoints: { "dc-a/z1": "ok*300 ok*100", "dc-b/z1": "ok ok" },
    to: { "dc-a": 60, "dc-b": 40 },
    policy: { loadBalancer: { type: "WeightedRoundRobin" } },
  },
  { name: "the caller's own zone", endpoints: { "dc-a/z1": "ok ok", "dc-a/z2": "ok ok", "dc-b/z1": "ok" } },
  {
    name: "the caller's own data center, without its zone",
    endpoints: { "dc-a/z2": "ok ok", "dc-a/z3": "ok", "dc-b/z1": "ok" },
  },
  { name: "everywhere, when nothing is near", endpoints: { "dc-b/z1": "ok ok", "dc-c/z1": "ok ok ok" } },
  {
    name: "an override halves a data center",
    endpoints: three,
    to: { "dc-a": 50, "dc-b": 25, "dc-c": 25 },
    overrides: [{ locality: "dc-a", weight: 50 }],
  },
  {
    name: "an override takes a data center out",
    endpoints: three,
    to: { "dc-a": 50, "dc-b": 25, "dc-c": 25 },
    overrides: [{ locality: "dc-a", weight: 0 }],
  },
];
