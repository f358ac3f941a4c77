import type { Situation } from "./situation.ts";

const three = { "dc-a/z1": "ok ok", "dc-b/z1": "ok ok", "dc-c/z1": "ok ok" };
const to = { "dc-a": 70, "dc-b": 30 };
const expected = (rps: number, ceilings: Readonly<Record<string, number>> = {}) => ({
  expectedRps: { "dc-a": rps },
  ceilings: Object.fromEntries(Object.entries(ceilings).map(([region, most]) => [region, { rps: most }])),
});
const each100 = { capacity: { rpsPerEndpoint: 100 } };

/** What regions can bear, and the way back to them. */
export const capacity: readonly Situation[] = [
  { name: "below every ceiling", endpoints: three, to, failover: ["dc-c"], split: expected(100), service: each100 },
  {
    name: "a share above its region's capacity goes where there is room",
    endpoints: three,
    to,
    failover: ["dc-c"],
    split: expected(300),
    service: each100,
  },
  {
    name: "a ceiling below a region's share",
    endpoints: three,
    to: { "dc-a": 50, "dc-b": 25, "dc-c": 25 },
    split: expected(400, { "dc-a": 100 }),
  },
  {
    name: "a failover that a ceiling holds back",
    endpoints: { "dc-a/z1": "failing failing", "dc-b/z1": "ok ok", "dc-c/z1": "ok ok" },
    to: { "dc-a": 100 },
    failover: ["dc-b", "dc-c"],
    split: expected(300, { "dc-b": 200 }),
  },
  {
    name: "more than all can bear",
    endpoints: three,
    to,
    failover: ["dc-c"],
    split: expected(1_000),
    service: each100,
  },
  {
    name: "half of a region failing, and its capacity with it",
    endpoints: { "dc-a/z1": "ok ok failing failing", "dc-b/z1": "ok ok ok ok", "dc-c/z1": "ok ok" },
    to,
    failover: ["dc-c"],
    split: expected(400),
    service: each100,
  },
];
