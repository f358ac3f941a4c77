import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startWeir, type Weir } from "../kit/weir.ts";

const service = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  protocol: GRPC
  endpoints:
    - static:
        - {address: "127.0.0.1:9001", locality: dc-a/z1}
        - {address: "127.0.0.1:9002", locality: dc-b/z1}
`;

test("what an operator sets by the command line is in force, told in the history, and kept over a crash", async () => {
  await using weir = await startWeir({ documents: { "report.yaml": service } });
  const set = await run(
    weir,
    "traffic",
    "set",
    "report",
    "dc-a=70",
    "dc-b=30",
    "--failover",
    "dc-c",
    "--reason",
    "CHG-4711",
    "--wait",
  );
  assert.equal(set.code, 0);
  assert.match(
    set.err,
    /^warning WR0102 TrafficSplit\/report spec\.rules\[0\]\.failover\[0\]: report has no endpoint in dc-c .*\n$/,
  );
  await weir.kill();
  await weir.start();
  const { out } = await run(weir, "traffic", "get", "report");
  assert.match(out, /^report +\* +dc-a +0 +70 % +- +- +- +1\/1$/m);
  assert.match(out, /^report +\* +dc-b +0 +30 % +- +- +- +1\/1$/m);
  assert.match(out, /^report +\* +dc-c +1 +standby +- +- +- +0\/0$/m);
  assert.match(
    (await run(weir, "endpoints", "report", "--from", "dc-b/z1")).out,
    /dc-a\/z1 +70 % +70 % +127\.0\.0\.1:9001/,
  );
  assert.match((await run(weir, "history")).out, /^r2 +\d+s +ana +api +\+trafficSplits\/report +CHG-4711$/m);
});

test("what documents of the directory get wrong is told with their file, counted, and found offline with its line", async () => {
  const lonely = `
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
  rules: [{to: {dc-a: 60, dc-d: 40}}]
`;
  await using weir = await startWeir({ documents: { "report.yaml": service, "split.yaml": lonely } });
  const served = await run(weir, "analyze", "--severity", "error");
  assert.equal(served.code, 1);
  assert.match(served.out, /^error {3}WR0101 split\.yaml trafficSplits\/report spec\.rules\[0\]\.to\.dc-d: 40 % /);
  const offline = await run(weir, "analyze", "-f", weir.configDir, "--severity", "error");
  assert.match(
    offline.out,
    /^error {3}WR0101 split\.yaml:7:\d+ trafficSplits\/report spec\.rules\[0\]\.to\.dc-d: 40 % /,
  );
  const { body } = await weir.api("GET", "/metrics");
  assert.match(String(body), /^config_findings\{severity="error"\} [01]$/m);
});

test("a wrong command says why on stderr, exits with 2 and leaves no revision", async () => {
  await using weir = await startWeir({ documents: { "report.yaml": service } });
  const wrong = await run(weir, "traffic", "set", "reprot", "dc-a=100");
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.err, /^error: .*reprot.*did you mean "report"/);
  assert.equal((await run(weir, "history", "-o", "name")).out, "r1\n");
});

test("without a server a command says where it looked and what to do", async () => {
  const { code, err } = await run({ admin: "127.0.0.1:1" }, "proxy", "status");
  assert.equal(code, 2);
  assert.match(err, /^error: cannot reach Weir at http:\/\/127\.0\.0\.1:1: .*weir serve.*WEIR_SERVER/);
});

const program = fileURLToPath(new URL("../../control-plane/bin/weir", import.meta.url));

/** Runs `weir` as an operator does: by its launcher, in a process of its own. */
function run({ admin }: Pick<Weir, "admin">, ...args: readonly string[]) {
  const env = { ...process.env, WEIR_SERVER: `http://${admin}`, WEIR_ACTOR: "ana" };
  return new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(program, args, { env, timeout: 20_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}
