import type { Situation } from "./situation.ts";

const policy = (panicThreshold: number, overprovisioningFactor = 140) => ({
  loadBalancer: { type: "RoundRobin" },
  panicThreshold,
  overprovisioningFactor,
});
const split = { to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] };
const order = { to: { "dc-a": 100 }, failover: ["dc-b", "dc-c"] };

/** What sources say of endpoints: failing, degraded, draining. */
export const health: readonly Situation[] = [
  {
    name: "one of four failing: overprovisioning covers it",
    endpoints: { "dc-a/z1": "ok ok ok failing", "dc-b/z1": "ok ok ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
  },
  {
    name: "half of a data center failing: its weight shrinks to 70 %",
    endpoints: { "dc-a/z1": "ok ok failing failing", "dc-b/z1": "ok ok ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
  },
  {
    name: "half of a data center failing, overprovisioning 200",
    endpoints: { "dc-a/z1": "ok ok failing failing", "dc-b/z1": "ok ok ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
    policy: policy(20, 200),
  },
  {
    name: "half of a data center failing, no overprovisioning",
    endpoints: { "dc-a/z1": "ok ok failing failing", "dc-b/z1": "ok ok ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
    policy: policy(20, 100),
  },
  {
    name: "one of two weighted data centers failing: the failover takes what is too much",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "ok ok", "dc-c/z1": "ok ok" },
    ...split,
  },
  {
    name: "both weighted data centers failing",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "failing failing", "dc-c/z1": "ok ok" },
    ...split,
  },
  {
    name: "two thirds of the first in order failing",
    endpoints: { "dc-a/z1": "ok failing failing", "dc-b/z1": "ok ok ok", "dc-c/z1": "ok" },
    ...order,
  },
  {
    name: "two thirds of each but the last failing",
    endpoints: { "dc-a/z1": "ok failing failing", "dc-b/z1": "ok failing failing", "dc-c/z1": "ok ok ok" },
    ...order,
  },
  {
    name: "each in order half failing: the sum is enough",
    endpoints: { "dc-a/z1": "ok failing", "dc-b/z1": "ok failing", "dc-c/z1": "ok failing" },
    ...order,
  },
  {
    name: "each in order two thirds failing: the sum is enough",
    endpoints: { "dc-a/z1": "ok failing failing", "dc-b/z1": "ok failing failing", "dc-c/z1": "ok failing failing" },
    ...order,
  },
  {
    name: "three quarters failing in two data centers: less than all, normalised",
    endpoints: { "dc-a/z1": "ok failing failing failing", "dc-b/z1": "ok failing failing failing" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
  },
  {
    name: "percents that do not add up to 100: the first gets the rest",
    endpoints: {
      "dc-a/z1": "ok failing failing failing failing",
      "dc-b/z1": "ok failing failing failing failing",
      "dc-c/z1": "ok failing failing failing failing",
    },
    ...order,
    policy: policy(0),
  },
  {
    name: "two of three weighted data centers failing, panic 20",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "failing failing", "dc-c/z1": "ok ok" },
    to: { "dc-a": 50, "dc-b": 30, "dc-c": 20 },
  },
  {
    name: "two of three weighted data centers failing, panic 50: weights are forgotten",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "failing failing", "dc-c/z1": "ok ok" },
    to: { "dc-a": 50, "dc-b": 30, "dc-c": 20 },
    policy: policy(50),
  },
  {
    name: "two of three weighted data centers failing, panic 0",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "failing failing", "dc-c/z1": "ok ok" },
    to: { "dc-a": 50, "dc-b": 30, "dc-c": 20 },
    policy: policy(0),
  },
  {
    name: "everything failing, panic 20: all are used",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "failing failing failing" },
    to: { "dc-a": 80, "dc-b": 20 },
    policy: policy(20),
    clients: ["edge"],
  },
  {
    name: "everything failing, panic 0: nothing is sent",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "failing failing" },
    to: { "dc-a": 80, "dc-b": 20 },
    policy: policy(0),
  },
  {
    name: "everything failing in two priorities: by number of endpoints",
    endpoints: { "dc-a/z1": "failing", "dc-b/z1": "failing failing failing failing failing" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
    policy: policy(20),
    clients: ["edge"],
  },
  {
    name: "a panic in the first priority only",
    endpoints: { "dc-a/z1": "ok failing failing failing failing failing", "dc-b/z1": "ok failing" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
    policy: policy(30),
  },
  {
    name: "no panic while all priorities together have enough",
    endpoints: { "dc-a/z1": "ok failing failing failing failing failing", "dc-b/z1": "ok ok ok" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
    policy: policy(50),
  },
  {
    name: "panic 100, one failing",
    endpoints: { "dc-a/z1": "ok ok failing", "dc-b/z1": "ok" },
    to: { "dc-a": 90, "dc-b": 10 },
    policy: policy(100),
  },
  {
    name: "a panic with endpoints of unequal weight",
    endpoints: { "dc-a/z1": "ok*300 failing*100", "dc-b/z1": "failing*200 failing*200" },
    to: { "dc-a": 90, "dc-b": 10 },
    policy: policy(50),
  },
  {
    name: "degraded endpoints beside healthy ones have nothing to do",
    endpoints: { "dc-a/z1": "ok ok ok weak", "dc-b/z1": "ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
  },
  {
    name: "degraded endpoints take what the healthy cannot",
    endpoints: { "dc-a/z1": "ok weak weak weak" },
    policy: policy(20),
  },
  {
    name: "degraded and failing endpoints over two weighted data centers",
    endpoints: { "dc-a/z1": "ok weak failing failing", "dc-b/z1": "weak weak failing ok" },
    to: { "dc-a": 60, "dc-b": 40 },
    policy: policy(20),
  },
  {
    name: "degraded endpoints in two priorities",
    endpoints: { "dc-a/z1": "ok weak failing failing failing", "dc-b/z1": "ok weak failing failing failing" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
    policy: policy(0),
  },
  {
    name: "only degraded endpoints",
    endpoints: { "dc-a/z1": "weak weak", "dc-b/z1": "weak weak" },
    to: { "dc-a": 70, "dc-b": 30 },
    policy: policy(20),
  },
  {
    name: "one endpoint drained",
    endpoints: { "dc-a/z1": "ok ok leaving", "dc-b/z1": "ok ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
  },
  {
    name: "a data center drained: its neighbour has it all",
    endpoints: { "dc-a/z1": "leaving leaving", "dc-b/z1": "ok ok", "dc-c/z1": "ok" },
    ...split,
  },
  {
    name: "both weighted data centers drained: the failover has it all",
    endpoints: { "dc-a/z1": "leaving leaving", "dc-b/z1": "leaving", "dc-c/z1": "ok ok" },
    ...split,
  },
  {
    name: "drained beside failing ones: they do not count as endpoints that are missing",
    endpoints: { "dc-a/z1": "ok ok failing leaving leaving", "dc-b/z1": "ok ok ok" },
    to: { "dc-a": 50, "dc-b": 50 },
  },
];
