import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TypeStatus } from "../serve/clients.ts";
import { connectedClient } from "../serve/testing.ts";
import { startTestCli } from "./testing.ts";

const documents = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec: {protocol: GRPC, endpoints: [{registry: {}}]}
---
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
  rules:
    - {from: dc-a/*, to: {dc-a: 80, dc-b: 20}, failover: [dc-c]}
    - {from: "*", prefer: nearest}
`;

test("documents are applied from a file, listed, shown and deleted", async () => {
  await using weir = await startTestCli();
  const file = await weir.write("all.yaml", documents);
  assert.deepEqual(await weir.run("apply", "-f", file, "--reason", "first"), {
    code: 0,
    out: "services/report created\ntrafficSplits/report created\nrevision 1\n",
    err: "",
  });
  assert.match(
    (await weir.run("apply", "-f", file)).out,
    /services\/report unchanged\ntrafficSplits\/report unchanged\n[\s\S]*revision 1\n/,
  );
  const listed = await weir.run("get", "splits");
  assert.match(listed.out, /^NAME +ETAG +CHANGED +BY +FROM +REASON\nreport +r1-[0-9a-f]{8} +\ds +ana +api +first\n$/);
  const shown = JSON.parse((await weir.run("get", "split", "report", "-o", "json")).out) as {
    spec: { service: string };
  };
  assert.equal(shown.spec.service, "report");
  assert.match(
    (await weir.run("get", "trafficSplits/report", "-o", "yaml")).out,
    /^apiVersion: weir\/v1alpha1\nkind: TrafficSplit\n/,
  );
  assert.equal((await weir.run("get", "svc", "-o", "name")).out, "services/report\n");
  assert.equal(
    (await weir.run("delete", "split", "report", "--dry-run")).out,
    "trafficSplits/report deleted (dry run: nothing was changed)\n",
  );
  assert.equal((await weir.run("delete", "split", "report")).out, "trafficSplits/report deleted (revision 2)\n");
});

test("a service is described with what holds for it and whence, and with what the connected clients do not do", async () => {
  await using weir = await startTestCli();
  await weir.run("apply", "-f", await weir.write("all.yaml", documents), "--reason", "first");
  const at = new Date();
  const cluster = { type: "cluster", name: "report", status: "ACKED", version: "v1", held: "v1", at } as const;
  const identity = { nodeId: "node-1", agent: "gRPC Node Pure JS 1.14.1" };
  weir.clients.add(connectedClient({ identity, resources: () => [cluster] }));
  await weir.until(async () => (await weir.run("endpoints", "report")).code === 0);
  const { code, out } = await weir.run("describe", "service", "report");
  assert.equal(code, 0);
  assert.match(out, /^Service report\n {2}service {5}report, served\n {2}resources {3}.*grpc: listener report, /);
  assert.match(out, /\n {2}clients {5}1 gRPC Node 1\.14\.1\n {2}programmed {2}1 of 1 have all of it\n/);
  assert.match(out, /\nTrafficSplit report {2}\(r1 by ana, \S+ ago, from api: first\)\n/);
  assert.match(out, /\n {2}rules\[0\]\.to +\{"dc-a":80,"dc-b":20\} +document +obeyed\n/);
  assert.match(out, /\nTrafficPolicy report {2}\(not written: defaults\)\n/);
  assert.match(out, /\n {2}panicThreshold +20 +default +ignored\n/);
  assert.match(
    out,
    /\nNot as written:\n(.*\n)* {2}1 gRPC Node client approximates rules\[1\]\.prefer nearest: a priority is used as long/,
  );
  const json = JSON.parse((await weir.run("describe", "split/report", "-o", "json")).out) as { kind: string };
  assert.equal(json.kind, "TrafficSplit");
  assert.equal((await weir.run("describe", "split")).code, 2);
});

test("the status says in six lines whether all is well", async () => {
  await using weir = await startTestCli();
  const { code, out } = await weir.run("status");
  assert.match(
    out,
    /^PART +STATE +ABOUT\nserving +yes\ndocuments +current +r0, of this process alone, .*documents\nsources /,
  );
  assert.equal(code, 0, out);
});

test("the log level is shown and changed, and one that there is not changes nothing", async () => {
  await using weir = await startTestCli();
  assert.equal((await weir.run("log-level")).out, "LOG LEVEL\ninfo\n");
  assert.equal((await weir.run("log-level", "debug", "-o", "name")).out, "debug\n");
  const refused = await weir.run("log-level", "loud");
  assert.deepEqual(
    [refused.code, refused.err],
    [2, 'error: "loud" is no log level: one of error, warn, info, debug\n'],
  );
  assert.equal((await weir.run("log-level", "-o", "name")).out, "debug\n");
});

test("documents come from a pipe and from a directory, where endpoint lists are left alone", async () => {
  await using weir = await startTestCli();
  assert.equal(
    (await weir.pipe(documents, "apply", "-f", "-", "--dry-run")).out,
    "services/report created\ntrafficSplits/report created\ndry run: nothing was changed\n",
  );
  await weir.write("a.yaml", documents);
  await weir.write("endpoints.yaml", '- {address: "127.0.0.1:9001"}\n');
  assert.equal((await weir.run("apply", "-f", weir.dir)).code, 0);
});

test("what is wrong with applied documents is told by file and line, and nothing is applied", async () => {
  await using weir = await startTestCli();
  const good = await weir.write("good.yaml", documents);
  const bad = await weir.write(
    "bad.yaml",
    documents.replace("report}", "other}").replace("GRPC", "GRPX").replace("dc-b: 20", "dc-b: 30"),
  );
  const { code, err } = await weir.run("apply", "-f", good, "-f", bad);
  assert.equal(code, 2);
  assert.match(err, /^error: nothing was applied:\n/);
  assert.match(err, /bad\.yaml:5:18 spec\.protocol: expected one of .*"GRPX"/);
  assert.match(err, /bad\.yaml:13:\d+ spec\.rules\[0\]\.to: the shares add up to 110, not 100/);
  assert.equal((await weir.run("history", "-o", "name")).out, "");
});

test("traffic set changes the rule for these callers and says what and when it is there", async () => {
  await using weir = await startTestCli();
  await weir.pipe(documents, "apply", "-f", "-");
  const { code, out } = await weir.run(
    "traffic",
    "set",
    "report",
    "dc-a=50",
    "dc-b=50",
    "--from",
    "dc-a/*",
    "--reason",
    "CHG-4711",
    "--wait",
  );
  assert.equal(code, 0);
  assert.match(
    out,
    /^trafficSplits\/report {2}callers from dc-a\/\*\n {2}dc-a {2}80 % -> 50 %\n {2}dc-b {2}20 % -> 50 %\n {2}failover {2}dc-c \(as before\)\nrevision 2\n0 of 0 clients have it, after 0\.\d\d s\n$/,
  );
  const split = JSON.parse((await weir.run("get", "split", "report", "-o", "json")).out) as {
    spec: { rules: unknown };
  };
  assert.deepEqual(split.spec.rules, [
    { from: "dc-a/*", to: { "dc-a": 50, "dc-b": 50 }, failover: ["dc-c"] },
    { from: "*", prefer: "nearest" },
  ]);
  const history = await weir.run("history");
  assert.match(history.out, /r2 +\ds +ana +api +~trafficSplits\/report +CHG-4711\n/);
  assert.match(
    (await weir.run("traffic", "set", "report", "dc-a=50", "dc-b=50", "--from", "dc-a/*")).out,
    /nothing to change \(revision 2\)/,
  );
  assert.match(
    (await weir.run("traffic", "set", "report", "dc-a=100", "--dry-run")).out,
    /dry run: nothing was changed/,
  );
  const shown = (await weir.run("traffic", "get", "report")).out;
  assert.match(shown, /^observed: no load reports \(0 of 0 clients\)$/m);
  assert.match(shown, /^report {3}dc-a\/\* {2}dc-a +0 +50 % +- +- +- +0\/0$/m);
});

test("traffic set makes the split of a service that has none", async () => {
  await using weir = await startTestCli();
  await weir.pipe(documents.split("---")[0] ?? "", "apply", "-f", "-");
  assert.equal((await weir.run("traffic", "set", "report", "dc-a=70", "dc-b=30", "--failover", "dc-c")).code, 0);
  const split = JSON.parse((await weir.run("get", "split", "report", "-o", "json")).out) as { spec: unknown };
  assert.deepEqual(split.spec, {
    service: "report",
    rules: [{ from: "*", to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] }],
  });
});

test("two who set the traffic of different callers at once both succeed", async () => {
  await using weir = await startTestCli();
  await weir.pipe(documents, "apply", "-f", "-");
  const both = await Promise.all([
    weir.run("traffic", "set", "report", "dc-a=10", "dc-b=90", "--from", "dc-a/*"),
    weir.run("traffic", "set", "report", "dc-b=100", "--from", "dc-b/*"),
  ]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  const { spec } = JSON.parse((await weir.run("get", "split", "report", "-o", "json")).out) as {
    spec: { rules: { to?: unknown }[] };
  };
  assert.deepEqual(
    spec.rules.map(({ to }) => to),
    [{ "dc-a": 10, "dc-b": 90 }, { "dc-b": 100 }, undefined],
  );
});

test("an override is set, shown with the time it has left, and taken back", async () => {
  await using weir = await startTestCli();
  await weir.pipe(documents, "apply", "-f", "-");
  const made = await weir.run(
    "traffic",
    "override",
    "report",
    "dc-a/z1",
    "0",
    "--for",
    "2h",
    "--reason",
    "switch swap",
  );
  assert.match(made.out, / {2}dc-a\/z1: 0 % of its weight until \S+Z\nrevision 2\n/);
  assert.match(
    (await weir.run("traffic", "get", "report")).out,
    /! report: dc-a\/z1 has 0 % of its weight for another 2h \(ana: switch swap\)\n/,
  );
  assert.match(
    (await weir.run("traffic", "restore", "report", "dc-a/z1")).out,
    /back to its full weight \(was 0 %: switch swap\)\nrevision 3\n/,
  );
  assert.match((await weir.run("traffic", "restore", "report")).out, /nothing to change/);
  const late = await weir.run("traffic", "override", "report", "dc-a", "0", "--for", "30d", "--reason", "for ever");
  assert.equal(late.code, 2);
  assert.match(late.err, /14 days/);
});

test("requests are explained: by which rule they go where, now and if something happened", async () => {
  await using weir = await startTestCli();
  await weir.run("apply", "-f", await weir.write("all.yaml", documents));
  for (const [index, dc] of ["dc-a", "dc-b", "dc-c"].entries())
    await weir.run("registry", "put", "report", dc, "--address", `127.0.0.1:900${index + 1}`, "--locality", `${dc}/z1`);
  await weir.until(async () => (await weir.run("endpoints", "report")).out.includes(":9003"));
  const told = await weir.run("explain", "--from", "dc-a/z1", "--if", "dc-a dies", "report.v1.Reports/CreateReport");
  assert.deepEqual(told.out.split("\n"), [
    "edge in dc-a/z1 dials report, /report.v1.Reports/CreateReport (revision 1)",
    "",
    "100 % to report",
    "  PRIO  WHERE              NOW  dc-a dies",
    "     0  dc-a/z1           80 %        0 %",
    "          127.0.0.1:9001  80 %        0 %",
    "     0  dc-b/z1           20 %       70 %",
    "          127.0.0.1:9002  20 %       70 %",
    "     1  dc-c/z1            0 %       30 %",
    "          127.0.0.1:9003   0 %       30 %",
    "",
  ]);
  const unclear = await weir.run("explain", "--host", "reprot");
  assert.equal(unclear.code, 2);
  assert.match(unclear.err, /has the host "reprot"; did you mean "report"/);
});

test("endpoints register, are listed and seen from a place, and go", async () => {
  await using weir = await startTestCli();
  await weir.pipe(documents, "apply", "-f", "-");
  const put = await weir.run(
    "registry",
    "put",
    "report",
    "one",
    "--address",
    "127.0.0.1:9001",
    "--locality",
    "dc-b/z1",
    "--metadata",
    "version=v1",
    "--lease",
    "30",
  );
  assert.deepEqual([put.out, put.err], ["report/one registered at 127.0.0.1:9001 for 30s\n", ""]);
  const stray = await weir.run("registry", "put", "reprot", "one", "--address", "127.0.0.1:9002", "--lease", "0");
  assert.match(stray.err, /^note: nobody is sent there yet: no Service takes endpoints from the registry's reprot/);
  await weir.until(async () =>
    (await weir.run("endpoints", "report", "--from", "dc-a/z1")).out.includes("127.0.0.1:9001"),
  );
  const seen = await weir.run("endpoints", "report", "--from", "dc-a/z1");
  assert.match(
    seen.out,
    /^PRIO {2}LOCALITY +SHARE +NOW {2}ADDRESS +WEIGHT {2}SOURCE +HEALTH +OUTLIER +ID\n +0 {2}dc-b\/z1 +100 % +100 % {2}127\.0\.0\.1:9001 +100 {2}registry +serving +\? +one\n$/,
  );
  assert.match(
    (await weir.run("registry", "list")).out,
    /^report +one +127\.0\.0\.1:9001 +dc-b\/z1 +100 +serving +\ds ago +\d+s left$/m,
  );
  assert.match((await weir.run("sources")).out, /^registry +registry +current \(\d+s\) +1 +1$/m);
  assert.equal(
    (await weir.run("registry", "drain", "report", "one")).out,
    "all 0 clients have acknowledged it: report/one is safe to stop\n",
  );
  assert.equal(
    (await weir.run("registry", "delete", "report", "one", "--wait", "2s")).out,
    "report/one removed (0 of 0 clients had acknowledged)\n",
  );
});

test("proxy status shows states with ages and why a client said no, and exits with 1", async () => {
  await using weir = await startTestCli();
  assert.deepEqual(await weir.run("proxy", "status"), {
    code: 0,
    out: "CLIENT  KIND  ROLE  LOCALITY  CDS  LDS  EDS  RDS  RUNNING  PROTOCOL  VERSION\n",
    err: "",
  });
  const synced: TypeStatus = { status: "SYNCED", since: new Date(Date.now() - 3 * 3_600_000), acked: "v1" };
  const error: TypeStatus = {
    status: "ERROR",
    since: new Date(Date.now() - 12_500),
    reason: "max_ejection_percent: \u001b[2Jbad",
    rejected: ["report"],
  };
  weir.clients.add(
    connectedClient({
      identity: { nodeId: "billing-1", locality: "dc-b/z1" },
      status: () => ({ cluster: error, endpoints: synced, listener: synced, routes: synced }),
    }),
  );
  const { code, out } = await weir.run("client", "status");
  assert.equal(code, 1);
  assert.match(
    out,
    /^billing-1 +grpc +proxyless +dc-b\/z1 +ERROR \(12s\) +SYNCED \(3h\) +SYNCED \(3h\) +SYNCED \(3h\) +- +sotw +gRPC Node 1\.14\.7$/m,
  );
  assert.match(out, /^ {2}billing-1 CDS NACK report: max_ejection_percent: \ufffd\[2Jbad$/m);
  assert.equal((await weir.run("proxy", "status", "-o", "name")).out, "billing-1\n");
  assert.match(
    (await weir.run("client", "diff", "billing-1")).out,
    /cannot see what billing-1 runs: clients\.admin\.allow names nobody/,
  );
  assert.equal(
    (await weir.run("ejections")).out,
    "no client is asked: set clients.admin.allow, and see docs/operate/truth.md\n",
  );
});

test("--wait says who has not taken a change yet", async () => {
  await using weir = await startTestCli();
  await weir.pipe(documents, "apply", "-f", "-");
  const synced: TypeStatus = { status: "SYNCED", since: new Date() };
  weir.clients.add(
    connectedClient({
      identity: { nodeId: "slow-1", locality: "dc-b/z1" },
      status: () => ({ cluster: synced, endpoints: synced, listener: synced, routes: synced }),
    }),
  );
  const { code, out, err } = await weir.run("traffic", "set", "report", "dc-a=100", "--wait", "50ms");
  assert.equal(code, 1);
  assert.match(out, /^0 of 1 clients have it, after 0\.\d\d s$/m);
  assert.equal(err, "the others: weir proxy status\n");
});

const placed = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  endpoints:
    - static:
        - {address: "10.0.0.1:9090", locality: dc-a/z1}
        - {address: "10.0.0.2:9090", locality: dc-b/z1}
`;
const splitOf = (to: string) => `
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
  rules:
    - {from: "*", to: ${to}}
`;

test("a plan says what an apply would do, exits with 1, and changes nothing", async () => {
  await using weir = await startTestCli();
  await weir.run("apply", "-f", await weir.write("service.yaml", placed));
  await weir.run("apply", "-f", await weir.write("split.yaml", splitOf("{dc-a: 80, dc-b: 20}")));
  await weir.until(async () => /dc-a +0 +80 %/.test((await weir.run("traffic", "get", "report")).out));
  const change = await weir.write("change.yaml", splitOf("{dc-a: 60, dc-d: 40}"));
  const { code, out, err } = await weir.run("plan", "-f", change);
  assert.deepEqual([code, err], [1, ""]);
  const lines = out.split("\n");
  assert.deepEqual(lines.slice(0, 4), [
    "Plan (base r2)",
    "~ trafficSplits/report",
    "  ~ spec.rules[0].to.dc-a  80 -> 60",
    "  - spec.rules[0].to.dc-b  20",
  ]);
  assert.match(out, /^xDS +no connected client would be sent anything$/m);
  assert.match(out, /^Traffic +report \(a caller in each data center, since nobody is connected\)$/m);
  assert.match(out, /^ +dc-a {2}80 % -> 100 %$/m);
  assert.match(
    out,
    /^Findings +error {3}WR0101 \S+change.yaml:8:40 trafficSplits\/report spec.rules\[0\].to.dc-d: 40 %/m,
  );
  assert.equal((await weir.run("history", "-o", "name")).out, "r2\nr1\n");

  const same = await weir.run("plan", "-f", join(weir.dir, "split.yaml"));
  assert.deepEqual(same, { code: 0, out: "Nothing would change (base r2).\n", err: "" });
  const json = JSON.parse((await weir.run("plan", "-f", change, "-o", "json")).out) as { isEmpty: boolean };
  assert.equal(json.isEmpty, false);
  const gone = await weir.run("plan", "--delete", "split/report");
  assert.equal(gone.code, 1);
  assert.match(gone.out, /^Plan \(base r2\)\n- trafficSplits\/report\n/);
  assert.match(gone.out, /^ +dc-a {2}80 % -> 50 %$/m);
  assert.match((await weir.run("plan", "--delete", "service/report")).err, /there is no Service "report"/);
  const [, id = ""] = /weir apply --plan (plan-\S+)/.exec(gone.out) ?? [];
  const applied = await weir.run("apply", "--plan", id, "--reason", "CHG-1");
  assert.deepEqual(applied, { code: 0, out: "trafficSplits/report deleted\nrevision 3\n", err: "" });
  const stale = await weir.run("apply", "--plan", id);
  assert.equal(stale.code, 2);
  assert.match(stale.err, /plan-\S+ was made on r2, and now there is r3 \(r3 by ana/);
  assert.match((await weir.run("apply", "--plan", id, "-f", change)).err, /expected -f, or --plan/);
  assert.match((await weir.run("plan")).err, /expected -f or --delete/);
  const wrong = await weir.run("plan", "-f", await weir.write("wrong.yaml", splitOf("{dc-a: 60}")));
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /cannot be applied:\n {2}\S+wrong.yaml:8:23 spec.rules\[0\].to: the shares add up to 60/);
});

test("findings are told of files without a server, of the server, and with what is applied", async () => {
  await using weir = await startTestCli();
  const service = await weir.write("service.yaml", placed);
  const split = await weir.write("split.yaml", splitOf("{dc-a: 60, dc-d: 40}"));
  const offline = await weir.run("analyze", "-f", service, split);
  assert.deepEqual([offline.code, offline.err], [1, ""]);
  assert.match(offline.out, /^error {3}WR0101 \S+split.yaml:8:40 trafficSplits\/report spec.rules\[0\].to.dc-d: 40 % /);
  assert.match(offline.out, / docs\/findings\/WR0101.md\n/);
  const names = await weir.run(
    "analyze",
    "-f",
    service,
    split,
    "--severity",
    "error",
    "--fail-on",
    "never",
    "-o",
    "name",
  );
  assert.deepEqual(names, { code: 0, out: "WR0101\n", err: "" });
  const alone = await weir.run("analyze", "-f", split);
  assert.equal(alone.code, 2);
  assert.match(alone.err, /split.yaml:6:12 spec.service: there is no Service "report"/);

  const applied = await weir.run("apply", "-f", service, split);
  assert.equal(applied.code, 0);
  await weir.until(async () => (await weir.run("endpoints", "report")).code === 0);
  assert.match(
    (await weir.run("apply", "-f", split, "--dry-run")).out,
    /unchanged\nerror {3}WR0101 \S+split.yaml:8:40 /,
  );
  const set = await weir.run("traffic", "set", "report", "dc-a=50", "dc-e=50", "--dry-run");
  assert.equal(set.code, 0);
  assert.match(
    set.err,
    /^error WR0101 TrafficSplit\/report spec.rules\[0\].to.dc-e: 50 % .*docs\/findings\/WR0101.md\)\n$/,
  );
  const served = await weir.run("analyze", "--fail-on", "error");
  assert.equal(served.code, 1);
  assert.match(served.out, /^error {3}WR0101 trafficSplits\/report spec.rules\[0\].to.dc-d: 40 % /);
});

test("check tells every problem of a directory by file and line", async () => {
  await using weir = await startTestCli();
  await weir.write("a.yaml", documents);
  assert.deepEqual(await weir.run("check", weir.dir), { code: 0, out: "2 documents, nothing wrong\n", err: "" });
  await weir.write("b.yaml", documents.replaceAll("report", "reprot").replace("GRPC", "GRPX"));
  const { code, out, err } = await weir.run("check", weir.dir);
  assert.equal(code, 1);
  assert.match(out, /^b\.yaml:5:18 spec\.protocol: /m);
  assert.match(err, /^\d+ problems?\n$/);
  assert.equal((await weir.run("check", join(weir.dir, "nowhere"))).code, 2);
});

test("bootstraps are printed ready to use", async () => {
  await using weir = await startTestCli();
  const envoy = await weir.run("bootstrap", "envoy", "--node-id", "edge-1", "--locality", "dc-a/z1", "-o", "json");
  const node = (JSON.parse(envoy.out) as { node: unknown }).node;
  assert.deepEqual(node, {
    id: "edge-1",
    cluster: "edge",
    locality: { region: "dc-a", zone: "z1" },
    metadata: { weir: { listen: "0.0.0.0:10000" } },
  });
  const grpc = JSON.parse(
    (await weir.run("bootstrap", "grpc", "--node-id", "billing-1", "--xds", "weir.example:18000")).out,
  ) as {
    xds_servers: { server_uri: string }[];
  };
  assert.equal(grpc.xds_servers[0]?.server_uri, "weir.example:18000");
  assert.equal((await weir.run("bootstrap", "envoy", "--node-id", "a", "--role", "sidecar")).code, 2);
});

const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[], /Usage: weir/],
  [["trafic"], /unknown command 'trafic'\n\(Did you mean traffic\?\)/],
  [["traffic"], /Usage: weir traffic/],
  [["traffic", "sett"], /unknown command 'sett'/],
  [["get"], /missing required argument 'kind'/],
  [["get", "pods"], /"pods" is no kind of document: expected service, split, policy, route, patch or drain/],
  [["get", "split", "nothing"], /there is no trafficSplits\/nothing/],
  [["get", "split", "reprot"], /there is no trafficSplits\/reprot; did you mean "report"\?/],
  [["get", "split", "-o", "xml"], /argument 'xml' is invalid/],
  [["delete", "split"], /which of the trafficSplits\?/],
  [["delete", "service", "report"], /TrafficSplit/],
  [["delete", "split", "report", "--if-match", "r9-00000000"], /changed since you read it \(you: r9, now: r1 by ana/],
  [["apply"], /nothing to apply: expected -f, or --plan/],
  [["apply", "-f", "/nowhere.yaml"], /cannot read \/nowhere\.yaml: there is no such file/],
  [["traffic", "set", "report"], /missing required argument 'share'/],
  [["traffic", "set", "report", "dc-a=70", "dc-b=20"], /the shares add up to 90, not 100/],
  [
    ["traffic", "set", "report", "dc-a:70", "=3", "dc-b=x"],
    /"dc-a:70" is no share.*\n.*"=3" is no share.*\n.*"dc-b=x" is no share/,
  ],
  [["traffic", "set", "report", "dc-a=50", "dc-a=50"], /dc-a is there twice/],
  [["traffic", "set", "reprot", "dc-a=100"], /reprot/],
  [["traffic", "set", "report", "dc-a=100", "--from", "//"], /spec\.rules\[0\]\.from|"\/\/" names no locality/],
  [["traffic", "override", "report", "dc-a", "0", "--for", "2h"], /an override needs a reason/],
  [["traffic", "override", "report", "dc-a", "none", "--for", "2h", "--reason", "x"], /weight/],
  [
    ["traffic", "override", "report", "dc-a", "0", "--for", "soon", "--reason", "x"],
    /--for "soon": expected a duration/,
  ],
  [["endpoints", "reprot"], /there is no service "reprot"; did you mean "report"\?/],
  [["endpoints", "report", "--from", "a b"], /"a b" is not a locality/],
  [["registry", "put", "report", "one", "--address", "nowhere:1"], /"nowhere" is not an IP address/],
  [
    ["registry", "put", "report", "one", "--address", "127.0.0.1:1", "--weight", "many"],
    /--weight "many": expected a number/,
  ],
  [["registry", "delete", "report", "one"], /has no registered endpoint "one"/],
  [["history", "--limit", "0"], /limit/],
  [["proxy", "status", "nobody"], /no client "nobody" is connected/],
  [["get", "split", "--server", "http://127.0.0.1:1"], /cannot reach Weir at http:\/\/127\.0\.0\.1:1: .*WEIR_SERVER/],
  [["get", "split", "--server", "ftp://x"], /"ftp:\/\/x" is no address of a server/],
];

test("whatever is wrong is told on stderr with what to do, exits with 2 and changes nothing", async () => {
  await using weir = await startTestCli();
  await weir.pipe(documents, "apply", "-f", "-");
  for (const [args, says] of wrong) {
    const { code, out, err } = await weir.run(...args);
    assert.equal(code, 2, `weir ${args.join(" ")} => ${code}\n${out}${err}`);
    assert.match(err, says, args.join(" "));
    assert.doesNotMatch(err, /\n +at /, args.join(" "));
    assert.equal(out, "", args.join(" "));
  }
  assert.equal((await weir.run("history", "-o", "name")).out, "r1\n");
});

test("help and version are no errors", async () => {
  await using weir = await startTestCli();
  assert.match((await weir.run("--help")).out, /serve +run a control plane/);
  assert.match((await weir.run("traffic", "set", "--help")).out, /percent by locality/);
  assert.match(
    (await weir.run("version")).out,
    /^weir {4}\d+\.\d+\.\d+ \(Node 2\d.*\)\nserver {2}0\.0\.0-test \(Node /,
  );
});

test("serve is handed its flags by the names that the configuration knows", async () => {
  await using weir = await startTestCli();
  const { code } = await weir.run(
    "serve",
    "--config",
    "a",
    "--data",
    "b",
    "--xds",
    "127.0.0.1:0",
    "--consul",
    "dc-a=http://x",
    "--consul",
    "dc-b=http://y",
  );
  assert.equal(code, 7);
  assert.deepEqual(weir.served, [
    { config: "a", data: "b", xds: "127.0.0.1:0", consul: ["dc-a=http://x", "dc-b=http://y"] },
  ]);
  assert.match((await weir.run("config", "--data", "here")).out, /^data\.path +here +--data/m);
  const wrongConfig = await weir.run("config", "--xds", "nonsense");
  assert.deepEqual([wrongConfig.code, wrongConfig.out], [2, ""]);
  assert.match(wrongConfig.err, /--xds/);
});
