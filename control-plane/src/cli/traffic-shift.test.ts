import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestCli } from "./testing.ts";

const documents = [
  {
    apiVersion: "weir/v1alpha1",
    kind: "Service",
    metadata: { name: "report" },
    spec: { endpoints: [{ registry: {} }] },
  },
  {
    ...{ apiVersion: "weir/v1alpha1", kind: "TrafficSplit", metadata: { name: "report" } },
    spec: { service: "report", rules: [{ from: "*", to: { "dc-a": 80, "dc-b": 20 } }] },
  },
];

async function start() {
  const weir = await startTestCli();
  const operations = documents.map((document) => ({ kind: "put" as const, document }));
  await weir.parts.policies.change({ operations, by: "ana", reason: "", through: "api", validateOnly: false });
  return weir;
}

const shift = ["traffic", "shift", "report", "dc-a=60", "dc-b=40"];

test("a shift is shown before it begins, and begins when that is confirmed", async () => {
  await using weir = await start();
  const plan =
    "trafficSplits/report  callers from *\n" +
    "  dc-a=80 dc-b=20 -> dc-a=60 dc-b=40\n" +
    "  in 2 steps (50 %, 100 % of the way), 1m each\n" +
    "  rolled back if error-rate > 1 % 2 times in a row, every 15s\n" +
    "xDS       no connected client would be sent anything\n" +
    "Clients   0 of 0\n";
  const { code, out, err } = await weir.run(...shift, "--dry-run");
  assert.deepEqual([code, err, out.slice(0, plan.length)], [0, "", plan]);
  assert.match(out, /\nTraffic +\S.*\n(.*\n)*Findings +\S[\s\S]*\ndry run: nothing was begun\n$/);
  const declined = await weir.pipe("n\n", ...shift);
  assert.deepEqual([declined.code, declined.err], [1, "Begin? [y/N] nothing was begun; --yes does not ask\n"]);
  assert.equal((await weir.run("traffic", "shifts", "-o", "name")).out, "");
  const begun = await weir.pipe("y\n", ...shift, "--no-guard", "--pause", "1h");
  assert.equal(begun.code, 0);
  assert.match(
    begun.out,
    /without a guard: nothing takes it back but traffic abort\nxDS +no connected[\s\S]*\nshift-\w+ has begun \(revision 2\)\n$/,
  );
});

test("a running shift is listed, held, taken on and ended, by its service or its name", async () => {
  await using weir = await start();
  const name = (await weir.run(...shift, "--pause", "1h", "--yes", "-o", "name")).out.trim();
  assert.match(
    (await weir.run("traffic", "shifts")).out,
    /^NAME .*\nshift-\w+ +report +\* +running +1\/2 +dc-a=70 dc-b=30 +dc-a=60 dc-b=40 +in (59m|1h) +\ds +ana\n$/,
  );
  const held = await weir.run("traffic", "pause", "report", "--reason", "lunch");
  assert.equal(held.out, `${name}  step 1/2  dc-a=70 dc-b=30  paused\nrevision 3\n`);
  assert.match((await weir.run("traffic", "shifts")).out, /paused +1\/2 .* when resumed .*\nshift-\w+: lunch\n$/);
  assert.equal((await weir.run("traffic", "resume", name, "-o", "name")).out, `${name}\n`);
  assert.match(
    (await weir.run("traffic", "promote", "report", "--dry-run")).out,
    /step 2\/2 .*\ndry run: nothing was changed\n$/,
  );
  const ended = await weir.run("traffic", "abort", "report", "--reason", "CHG-4711 is off");
  assert.match(ended.out, /^shift-\w+ {2}step 1\/2 {2}dc-a=80 dc-b=20 {2}aborted\n/);
  const late = await weir.run("traffic", "abort", "report");
  assert.deepEqual(
    [late.code, late.err],
    [2, "error: no shift runs that is called report, or of a service report (none runs)\n"],
  );
});

test("a shift that is waited for tells each step, and its end by the exit code", async () => {
  await using weir = await start();
  const done = await weir.run(...shift, "--pause", "600ms", "--no-guard", "--yes", "--wait");
  assert.equal(done.code, 0, done.err);
  assert.match(
    done.out,
    /step 1\/2 {2}dc-a=70 dc-b=30 {2}running\n[\s\S]*step 2\/2 {2}dc-a=60 dc-b=40 {2}succeeded: shift-\w+ is through all its steps\n$/,
  );
});

test("what a shift cannot begin from is told with what to do", async () => {
  await using weir = await start();
  const no = async (...args: readonly string[]) => (await weir.run("traffic", "shift", ...args, "--yes")).err;
  assert.match(
    await no("other", "dc-a=100"),
    /other has no TrafficSplit, so no shares to begin from: weir traffic set other/,
  );
  assert.match(await no("report", "dc-a=100", "--from", "dc-c"), /callers from dc-c have no rule of their own/);
  assert.match(await no("report", "dc-a=50", "dc-b=40"), /the shares add up to 90, not 100/);
  assert.match(await no("report", "dc-a=100", "--pause", "soon"), /steps\[1\]\.pause: "soon" is no duration/);
});
