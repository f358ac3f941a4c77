import type { Situation } from "./situation.ts";

const freshHeader = "x-key";
const ring = (more: object = {}) => ({
  loadBalancer: { type: "RingHash", consistentHash: { header: freshHeader, ...more } },
});
const maglev = (more: object = {}) => ({
  loadBalancer: { type: "Maglev", consistentHash: { header: freshHeader, ...more } },
});
const ejecting = { outlierDetection: { interval: "1s", baseEjectionTime: "1h", maxEjectionTime: "1h" } };
const twoAndTwo = { "dc-a/z1": "ok ok", "dc-b/z1": "ok ok" };
const halves = { to: { "dc-a": 50, "dc-b": 50 } };

/** Consistent hashing: requests with evenly spread hashes. */
export const hashing: readonly Situation[] = [
  { name: "ring hash over three", endpoints: { "dc-a/z1": "ok ok ok" }, policy: ring(), freshHeader },
  {
    name: "ring hash, a small ring is uneven",
    endpoints: { "dc-a/z1": "ok ok ok ok" },
    policy: ring({ minimumRingSize: 4, maximumRingSize: 8 }),
    freshHeader,
  },
  {
    name: "ring hash, endpoints of unequal weight",
    endpoints: { "dc-a/z1": "ok*300 ok*100" },
    policy: ring(),
    freshHeader,
  },
  {
    name: "ring hash, 80/20 over two data centers",
    endpoints: twoAndTwo,
    to: { "dc-a": 80, "dc-b": 20 },
    policy: ring(),
    freshHeader,
  },
  {
    name: "ring hash, half and half over one endpoint and three",
    endpoints: { "dc-a/z1": "ok", "dc-b/z1": "ok ok ok" },
    ...halves,
    policy: ring(),
    freshHeader,
  },
  {
    name: "ring hash, half of a data center failing",
    endpoints: { "dc-a/z1": "ok failing", "dc-b/z1": "ok ok" },
    ...halves,
    policy: ring(),
    freshHeader,
  },
  {
    name: "ring hash, a weighted data center failing",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "ok ok", "dc-c/z1": "ok ok" },
    to: { "dc-a": 70, "dc-b": 30 },
    failover: ["dc-c"],
    policy: ring(),
    freshHeader,
  },
  {
    name: "ring hash, one gone",
    endpoints: { "dc-a/z1": "ok ok gone" },
    policy: { ...ring(), ...ejecting },
    freshHeader,
  },
  {
    name: "ring hash in a panic keeps localities' weights",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "failing ok" },
    to: { "dc-a": 80, "dc-b": 20 },
    policy: { ...ring(), panicThreshold: 50 },
    freshHeader,
  },
  { name: "Maglev over three", endpoints: { "dc-a/z1": "ok ok ok" }, policy: maglev(), freshHeader },
  {
    name: "Maglev, endpoints of unequal weight in two data centers",
    endpoints: { "dc-a/z1": "ok*300 ok*100", "dc-b/z1": "ok ok" },
    to: { "dc-a": 80, "dc-b": 20 },
    policy: maglev(),
    freshHeader,
  },
  {
    name: "Maglev, a small table",
    endpoints: { "dc-a/z1": "ok ok ok ok ok ok ok" },
    policy: maglev({ tableSize: 1009 }),
    freshHeader,
  },
  {
    name: "Maglev, a failover by half",
    endpoints: { "dc-a/z1": "ok failing", "dc-b/z1": "ok ok" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
    policy: maglev(),
    freshHeader,
  },
  {
    name: "hashing without the header is random",
    endpoints: twoAndTwo,
    to: { "dc-a": 80, "dc-b": 20 },
    policy: ring(),
  },
  {
    name: "ring hash: one value, one endpoint",
    endpoints: twoAndTwo,
    ...halves,
    policy: ring(),
    headers: { [freshHeader]: "report-4711" },
  },
  {
    name: "ring hash: one value, one endpoint, with another gone",
    endpoints: { "dc-a/z1": "ok ok gone ok" },
    policy: { ...ring(), ...ejecting },
    headers: { [freshHeader]: "report-9" },
  },
  {
    name: "ring hash: one value over two priorities",
    endpoints: { "dc-a/z1": "ok failing", "dc-b/z1": "ok ok ok" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
    policy: ring(),
    headers: { [freshHeader]: "report-23" },
  },
  {
    name: "Maglev: one value, one endpoint",
    endpoints: { "dc-a/z1": "ok*300 ok ok ok", "dc-b/z1": "ok ok" },
    to: { "dc-a": 60, "dc-b": 40 },
    policy: maglev(),
    headers: { [freshHeader]: "report-4712" },
  },
  {
    name: "ring hash by the method, which gRPC does not know",
    endpoints: twoAndTwo,
    ...halves,
    policy: { loadBalancer: { type: "RingHash", consistentHash: { method: {} } } },
  },
];
