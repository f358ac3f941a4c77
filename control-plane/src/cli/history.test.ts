import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError } from "./cli-error.ts";
import { momentOf } from "./moment.ts";
import { startTestCli } from "./testing.ts";

const service =
  "apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: report}\nspec: {protocol: GRPC, endpoints: [{registry: {}}]}\n";
const split = (to: string) =>
  `apiVersion: weir/v1alpha1\nkind: TrafficSplit\nmetadata: {name: report}\nspec: {service: report, rules: [{from: "*", to: {${to}}}]}\n`;

test("a document's history says who, why and what changed; a rollback shows its plan, asks, and is a revision", async () => {
  await using weir = await startTestCli();
  await weir.pipe(`${service}---\n${split("dc-a: 70, dc-b: 30")}`, "apply", "-f", "-", "--reason", "first");
  await weir.pipe(split("dc-a: 40, dc-b: 60"), "apply", "-f", "-", "--reason", "CHG-1");
  await weir.until(async () => (await weir.run("status")).code === 0);

  const history = await weir.run("history", "trafficSplit", "report");
  assert.match(
    history.out,
    /^r2 {2}\S+ {2}\(\S+ ago\) {2}by ana through api: CHG-1\n {2}~ trafficSplits\/report\n {6}~ spec\.rules\[0\]\.to\.dc-a {2}70 -> 40\n {6}~ spec\.rules\[0\]\.to\.dc-b {2}30 -> 60\nr1 /,
  );
  assert.match((await weir.run("history", "r1")).out, /^r1 .*: first\n {2}\+ services\/report\n/);
  assert.match((await weir.run("history")).out, /^REVISION +AGE +BY +THROUGH +CHANGES +REASON\nr2 /);

  assert.match((await weir.run("rollback", "r1")).err, /needs a reason/);
  const no = await weir.pipe("n\n", "rollback", "r1", "--reason", "oops");
  assert.equal(no.code, 1);
  assert.match(no.out, /^Plan \(base r2\)\n~ trafficSplits\/report\n {2}~ spec\.rules\[0\]\.to\.dc-a {2}40 -> 70\n/);
  const dry = await weir.run("rollback", "r1", "--reason", "oops", "--dry-run");
  assert.match(dry.out, /dry run: nothing was changed\n$/);
  const yes = await weir.pipe("y\n", "rollback", "r1", "--reason", "oops");
  assert.equal(yes.code, 0, yes.err);
  assert.match(yes.out, /trafficSplits\/report updated\nrevision 3 is as r1 was\n$/);
  assert.match(
    (await weir.run("rollback", "r1", "--reason", "x", "--yes")).out,
    /all documents are as they were at r1\n$/,
  );
});

test("documents are shown as they were at a revision or a time", async () => {
  await using weir = await startTestCli();
  await weir.pipe(`${service}---\n${split("dc-a: 70, dc-b: 30")}`, "apply", "-f", "-", "--reason", "first");
  await weir.pipe(split("dc-a: 40, dc-b: 60"), "apply", "-f", "-", "--reason", "CHG-1");
  const then = await weir.run("get", "split", "report", "-o", "yaml", "--at", "r1");
  assert.match(then.out, /dc-a: 70/);
  assert.match(
    (await weir.run("get", "split", "--at", "0s")).out,
    /^NAME +REVISION .*\nreport +r2 .*CHG-1\nas of r2\n$/,
  );
  assert.match((await weir.run("get", "split", "--at", "1d")).out, /\nas of r0\n$/);
  assert.equal((await weir.run("get", "split", "--at", "later")).code, 2);
});

test("a time of day is the last time that it was that", () => {
  const now = new Date(2026, 10, 21, 14, 30, 5);
  assert.equal(momentOf("14:03", now).path, new Date(2026, 10, 21, 14, 3, 59, 999).toISOString());
  assert.equal(momentOf("18:00", now).path, new Date(2026, 10, 20, 18, 0, 59, 999).toISOString());
  assert.equal(momentOf("10m", now).path, new Date(2026, 10, 21, 14, 20, 5).toISOString());
  assert.equal(momentOf("r41").revision, 41);
  assert.throws(() => momentOf("26:00", now), CliError);
});
