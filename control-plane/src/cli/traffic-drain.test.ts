import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestCli } from "./testing.ts";

const service = {
  ...{ apiVersion: "weir/v1alpha1", kind: "Service", metadata: { name: "report" } },
  spec: {
    capacity: { rpsPerEndpoint: 50 },
    endpoints: [
      {
        static: [
          { address: "10.0.0.1:9001", locality: "dc-a/z1" },
          { address: "10.0.0.2:9001", locality: "dc-b/z1" },
        ],
      },
    ],
  },
};

/** A control plane with a service in two data centers. */
async function start() {
  const weir = await startTestCli();
  const change = { by: "ana", reason: "first", through: "api", validateOnly: false } as const;
  await weir.parts.policies.change({ operations: [{ kind: "put", document: service }], ...change });
  for await (const { catalog } of weir.parts.worlds.changes(AbortSignal.timeout(10_000)))
    if ([...catalog.values()].some(({ endpoints }) => endpoints.length === 2)) break;
  return weir;
}

const drain = ["traffic", "drain", "dc-a", "--for", "2h", "--reason", "CHG-4711"];

test("a drain is shown before it is asked for, listed with what is left of it, and ended", async () => {
  await using weir = await start();
  const no = await weir.pipe("n\n", ...drain);
  assert.equal(no.code, 1);
  assert.match(no.out, /^drain dc-a for 2h, all services: CHG-4711\nSERVICE +PLACE +NOW +THEN +RPS +BEARS +SERVING\n/);
  assert.match(no.out, /^report +dc-a +50 % +0 % +- +0 +0$/m);
  assert.match(no.out, /^report +dc-b +50 % +100 % +- +50 +1$/m);
  assert.match(no.out, /^! report: no load reports/m);
  assert.match(no.out, /\nxDS +no connected client would be sent anything\nClients +0 of 0\nFindings +\S/);
  assert.match(no.err, /Drain dc-a for 2h\? \[y\/N\] nothing was changed/);
  assert.match((await weir.pipe("", "traffic", "drains")).out, /^nothing is drained or isolated$/m);

  const yes = await weir.pipe("y\n", ...drain, "--wait");
  assert.equal(yes.code, 0, yes.err);
  assert.match(yes.out, /^drains\/dc-a until 20\S+Z \(revision 2\)$/m);
  assert.match(yes.err, /0 of 0 clients have it/);
  const { out } = await weir.pipe("", "traffic", "drains");
  assert.match(out, /^PLACE +MODE +SERVICES +LEFT +BY +REASON\ndc-a +drain +\* +[12]h +ana +CHG-4711$/m);
  const ended = await weir.pipe("", "traffic", "undrain", "dc-a", "--reason", "done");
  assert.equal(ended.out, "drains/dc-a ended (drain by ana: CHG-4711)\nrevision 3\n");
  assert.match((await weir.pipe("", "history")).out, /^r2 .*\+drains\/dc-a +CHG-4711$/m);
});

test("isolating is for named services too, and what would leave callers nobody is refused unless forced", async () => {
  await using weir = await start();
  const isolate = ["traffic", "isolate", "dc-a", "--for", "30m", "--reason", "test", "--yes", "--service", "report"];
  const done = await weir.pipe("", ...isolate, "-o", "name");
  assert.deepEqual(done, { code: 0, out: "drains/dc-a.report\n", err: "" });
  const drained = ["traffic", "drain", "dc-b", "--for", "1h", "--reason", "test", "--yes"];
  const refused = await weir.pipe("", ...drained);
  assert.equal(refused.code, 2);
  assert.match(
    refused.err,
    /^error: nothing was changed: .*report would have no serving endpoint left for callers in dc-b\/z1, elsewhere \(of 2 in all\)/,
  );
  const forced = await weir.pipe("", ...drained, "--force");
  assert.equal(forced.code, 0, forced.err);
  assert.match(forced.out, /^! report would have no .* \(forced\)$/m);
  const contrary = await weir.pipe("", ...drain, "--dry-run", "--force");
  assert.match(contrary.err, /^error: nothing was changed: dc-a is isolated \(drains\/dc-a\.report\)/);
  const bad = await weir.pipe("", "traffic", "drain", "dc-a", "--for", "soon", "--reason", "x", "--yes");
  assert.match(bad.err, /duration: expected a duration such as "30m", "2h" or "1d12h"/);
});
