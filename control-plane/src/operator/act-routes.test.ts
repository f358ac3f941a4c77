import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "../cli/testing.ts";
import { StoreUnavailable } from "../lib/store-unavailable.ts";
import { routeRoles } from "./auth/route-roles.ts";
import { startOperator } from "./operator-server.ts";
import type { OperatorParts } from "./parts.ts";
import { startTestParts } from "./testing.ts";
import { service } from "./testing-api.ts";

async function start(more: Partial<OperatorParts> = {}) {
  const weir = await startTestParts();
  const parts = { ...weir.parts, ...more };
  const operator = await startOperator({
    ...{ listen: { host: "127.0.0.1", port: 0 }, hosts: [], parts, observe: () => undefined },
  });
  const server = `http://127.0.0.1:${operator.port}`;
  return {
    ...{ parts, server },
    async call(method: string, path: string, body?: unknown) {
      const answer = await fetch(`${server}${path}`, {
        method,
        headers: {
          ...{ "x-weir-actor": "ana", "x-weir-reason": "CHG-1" },
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return answer.status;
    },
    async [Symbol.asyncDispose]() {
      await operator[Symbol.asyncDispose]();
      await weir[Symbol.asyncDispose]();
    },
  };
}

const endpoint = "/v1/registry/services/report/endpoints/r1";

test("what no document holds is in the journal of acts, with who and why, but for saying again that one is there", async () => {
  await using weir = await start();
  const registered = { address: "127.0.0.1:9001", locality: "dc-a/z1", leaseSeconds: 60 };
  assert.equal(await weir.call("PUT", endpoint, registered), 201);
  for (let beat = 0; beat < 3; beat++) assert.equal(await weir.call("PUT", endpoint, registered), 200);
  assert.equal(await weir.call("PUT", endpoint, { ...registered, weight: 50 }), 200);
  assert.equal(await weir.call("DELETE", `${endpoint}?wait=1s`), 200);
  assert.equal(await weir.call("PUT", "/v1/log-levels", { level: "debug" }), 200);
  assert.equal(await weir.call("PUT", "/v1/services/report", service), 201);
  assert.equal(await weir.call("POST", "/v1/guard/report:release"), 200);
  // What is refused is nothing that was done.
  assert.equal(await weir.call("PUT", "/v1/log-levels", { level: "loud" }), 400);
  assert.equal(await weir.call("DELETE", endpoint), 404);
  const { acts } = (await (await fetch(`${weir.server}/v1/acts`)).json()) as {
    readonly acts: readonly { readonly verb: string; readonly by: string; readonly reason: string; details?: object }[];
  };
  assert.deepEqual(acts.map(({ verb }) => verb).reverse(), [
    "register",
    "register",
    "drain-endpoint",
    "deregister",
    "set-log-level",
    "release-guard",
  ]);
  assert.ok(acts.every(({ by, reason }) => by === "ana" && reason === "CHG-1"));
  assert.deepEqual(acts.at(-1)?.details, {
    address: "127.0.0.1:9001",
    locality: "dc-a/z1",
    weight: "100",
    lease: "60s",
  });
  const listed = await runCommand(["audit", "list", "--limit", "1"], { env: { WEIR_SERVER: weir.server } });
  assert.match(
    listed.out,
    /^ACT +AGE +BY +DID +TO +REASON\na6 +\d+s +ana +release-guard +guard\/report +CHG-1\n$/,
    listed.err,
  );
});

test("what cannot be written to the journal of acts is not done", async () => {
  const acts: OperatorParts["acts"] = {
    record: async () => {
      throw new StoreUnavailable("nothing was done, because the disk is full");
    },
    list: () => [],
  };
  await using weir = await start({ acts });
  assert.equal(await weir.call("PUT", endpoint, { address: "127.0.0.1:9001", locality: "dc-a/z1" }), 503);
  assert.equal(await weir.call("PUT", "/v1/log-levels", { level: "debug" }), 503);
  assert.deepEqual([weir.parts.registry.list(), weir.parts.logs.level()], [[], "info"]);
});

/** What of the routes that change something is in which journal; a new one is to be put where it belongs. */
const journals: Readonly<Record<"documents" | "acts" | "none", RegExp>> = {
  documents:
    /^(PUT|DELETE) \/v1\/(services|trafficSplits|trafficPolicies|routes|patches|drains)\/:name$|^POST \/v1\/(config:apply|revisions\/:revision:rollback|localities\/:locality:\w+|trafficSplits\/:name:shift|operations\/:name:(pause|resume|promote|abort|cancel))$/,
  acts: /^(PUT|DELETE) \/v1\/registry\/services\/:service\/endpoints\/:id$|^POST \/v1\/registry\/services\/:service\/endpoints\/:id:drain$|^PUT \/v1\/log-levels$|^POST \/v1\/(guard\/:service:release|reports\/:id:(cancel|retry))$/,
  // They answer what would be, or wait.
  none: /^POST \/v1\/(config:plan|operations\/:name:wait)$/,
};

test("each route that changes something writes into a journal first", () => {
  const changing = Object.keys(routeRoles).filter((row) => !row.startsWith("GET "));
  for (const row of changing) {
    const fitting = Object.entries(journals).filter(([, rows]) => rows.test(row));
    assert.equal(fitting.length, 1, `${row}: say in which journal it writes`);
  }
});
