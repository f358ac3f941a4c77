import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceName } from "../../model/names.ts";
import type { Service } from "../../model/service.ts";
import { happen } from "./happen.ts";
import { spreadOf } from "./testing.ts";
import { parseWhatIf } from "./what-if.ts";

function service(): Service {
  const endpoints = spreadOf([
    { in: "dc-a/z1", hosts: "ok ok" },
    { in: "dc-a/z2", hosts: "ok ok" },
    { in: "dc-b/z1", hosts: "ok ok ok ok ok" },
  ]).flatMap(({ members }) => members.map(({ endpoint }) => endpoint));
  const name = "report" as ServiceName;
  const localityRules = { regionFrom: "datacenter", zoneFrom: [] } as const;
  const spec = { name, protocol: "grpc", hosts: ["report"], origins: [], localityRules } as unknown as Service["spec"];
  return { spec, endpoints };
}

function after(text: string) {
  const whatIf = parseWhatIf(text);
  if (!whatIf.ok) throw new Error(whatIf.problems.map(({ says }) => says).join());
  const { service: then, condition, affected } = happen(service(), whatIf.value.happenings);
  const unwell = then.endpoints.filter(({ health }) => health !== "serving").map(({ address }) => address.port);
  return { unwell, trouble: [...condition].map(([address, what]) => `${address.split(":")[1]} ${what}`), affected };
}

test("a data center that dies takes all of its endpoints with it", () => {
  assert.deepEqual(after("dc-a dies"), { unwell: [], trouble: ["1 gone", "3 gone", "2 gone", "4 gone"], affected: 4 });
});

test("a part of a data center is that part of each of its zones", () => {
  assert.deepEqual(after("50 % of dc-a errs").trouble, ["1 erring", "3 erring"]);
  assert.deepEqual(after("40% of dc-b is ejected").trouble, ["5 ejected", "6 ejected"]);
});

test("several things can happen at once, also to one endpoint, also by its source's word", () => {
  assert.deepEqual(after("10.0.0.1:5 is gone and dc-a/z2 is drained and dc-a/z1 fails"), {
    unwell: [1, 2, 3, 4],
    trouble: ["5 gone"],
    affected: 5,
  });
});

test("what is not understood is said, with what would be", () => {
  const refused = parseWhatIf("dc-a explodes and 140 % of dc-b dies");
  assert.ok(!refused.ok);
  assert.match(refused.problems[0]?.says ?? "", /"dc-a explodes": expected .* like "dc-a dies"/);
  assert.match(refused.problems[1]?.says ?? "", /at most 100/);
});
