import type { Situation } from "./situation.ts";

const service = { subsets: { v1: { match: { version: "v1" } }, v2: { match: { version: "v2" } } } };
const endpoints = { "dc-a/z1": "ok@v1 ok@v1 ok@v2", "dc-b/z1": "ok@v1 ok@v2 ok@v2" };
const halves = { "dc-a": 50, "dc-b": 50 };
const canary = { matches: [{ headers: [{ name: "x-canary", value: "1" }] }], backendRefs: [{ subset: "v2" }] };

/** Routes and subsets. */
export const routes: readonly Situation[] = [
  {
    name: "subsets by a split, in every region alike",
    endpoints,
    to: halves,
    service,
    split: { subsets: { v1: 90, v2: 10 } },
  },
  {
    name: "a subset that is in one data center only",
    endpoints: { "dc-a/z1": "ok@v1 ok@v1", "dc-b/z1": "ok@v1 ok@v2" },
    to: { "dc-a": 80, "dc-b": 20 },
    service,
    split: { subsets: { v1: 75, v2: 25 } },
  },
  {
    name: "a subset half failing beside a failover",
    endpoints: { "dc-a/z1": "ok@v1 failing@v2 ok@v2", "dc-b/z1": "ok@v1 ok@v2" },
    to: { "dc-a": 100 },
    failover: ["dc-b"],
    service,
    split: { subsets: { v1: 50, v2: 50 } },
  },
  {
    name: "a subset without members: its part fails",
    endpoints: { "dc-a/z1": "ok@v1 ok@v1" },
    service,
    split: { subsets: { v1: 80, v2: 20 } },
  },
  {
    name: "a subset without members that all of the service stands in for",
    endpoints: { "dc-a/z1": "ok@v1 ok@v1", "dc-b/z1": "ok@v1" },
    to: halves,
    service: { subsets: { ...service.subsets, v2: { match: { version: "v2" }, whenEmpty: "UseAll" } } },
    split: { subsets: { v1: 80, v2: 20 } },
  },
  { name: "a canary for those who ask", endpoints, to: halves, service, rules: [canary], headers: { "x-canary": "1" } },
  { name: "no canary for the others", endpoints, to: halves, service, rules: [canary] },
  {
    name: "10 % by chance, then what the split says",
    endpoints,
    to: { "dc-a": 70, "dc-b": 30 },
    service,
    rules: [{ matches: [{ percent: 10 }], backendRefs: [{ subset: "v2" }] }],
  },
  {
    name: "back ends by weight, one of them a subset",
    endpoints,
    to: halves,
    service,
    rules: [{ backendRefs: [{ subset: "v2", weight: 3 }, { weight: 1 }] }],
  },
  {
    name: "a method's rule, with a part by chance after it",
    endpoints,
    to: halves,
    service,
    rules: [
      { matches: [{ method: { service: "echo.v1.Other" } }], backendRefs: [{ subset: "v1" }] },
      {
        matches: [{ method: { service: "echo.v1.Echo", method: "Say" }, percent: 40 }],
        backendRefs: [{ subset: "v1" }],
      },
      { backendRefs: [{ subset: "v2" }] },
    ],
  },
  {
    name: "a fault for 20 % of the requests",
    endpoints,
    to: halves,
    service,
    rules: [{ backendRefs: [{ subset: "v1" }], fault: { abort: { percent: 20, grpcStatus: "UNAVAILABLE" } } }],
  },
  {
    name: "a fault for half of those who ask for it",
    endpoints,
    to: halves,
    service,
    rules: [
      {
        backendRefs: [{ subset: "v1" }],
        fault: { abort: { percent: 50, grpcStatus: "UNAVAILABLE" }, onHeaders: [{ name: "x-chaos", value: "on" }] },
      },
    ],
    headers: { "x-chaos": "on" },
  },
  {
    name: "an erring canary that is ejected",
    endpoints: { "dc-a/z1": "ok@v1 ok@v1 erring@v2", "dc-b/z1": "ok@v1 ok@v2" },
    to: halves,
    service,
    policy: {
      outlierDetection: {
        interval: "1s",
        baseEjectionTime: "1h",
        maxEjectionTime: "1h",
        failurePercentage: { requestVolume: 3 },
      },
    },
    split: { subsets: { v1: 50, v2: 50 } },
  },
];
