import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../../test/kit/wait.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";

const tellScavenges = fileURLToPath(new URL("../test/tell-scavenges.ts", import.meta.url));

test("what calls leave behind does not outlive the young generation", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, [], { NODE_OPTIONS: `--import ${tellScavenges}` });
  const call = () => server.client.getReportKind("reportKinds/reused");
  // What a program loads and compiles when it is asked for the first time stays, of course.
  for (let count = 0; count < 1_000; count += 1) await call();
  const before = scavenges(server.log()).length;
  let enough = false;
  const ask = async () => {
    while (!enough) await call();
  };
  const asking = Array.from({ length: 16 }, ask);
  const told = () => scavenges(server.log()).length >= before + 4;
  await until(told, { within: 30_000, what: "four lines about scavenges", everyMs: 200 });
  enough = true;
  await Promise.all(asking);
  const seen = scavenges(server.log()).slice(before);
  const sum = (of: "young" | "promoted") => seen.reduce((all, one) => all + one[of], 0);
  assert.ok(sum("young") > 10e6, `too little to tell: ${JSON.stringify(seen)}`);
  // Where any of its measures is missing, it is 8 to 15 %.
  const share = sum("promoted") / sum("young");
  assert.ok(share < 0.03, `${(100 * share).toFixed(1)} % were promoted: ${JSON.stringify(seen)}`);
});

type Scavenged = { readonly young: number; readonly promoted: number };

function scavenges(log: string): readonly Scavenged[] {
  const lines = log.split("\n").filter((line) => line.startsWith('{"scavenged":'));
  return lines.map((line) => (JSON.parse(line) as { readonly scavenged: Scavenged }).scavenged);
}
