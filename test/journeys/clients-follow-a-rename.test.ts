import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { foreignClients, programOf } from "../clients/program-of.ts";
import { startBackend } from "../kit/backend.ts";
import type { CallRecord } from "../kit/echo.ts";
import { answersById, codes, startLoad } from "../kit/grpc-load.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";
import { startXdsClient } from "../kit/xds-client.ts";

/** Someone who calls the host `report`. */
type Caller = {
  readonly name: string;
  send(count: number, options?: { readonly deadlineMs?: number }): Promise<readonly CallRecord[]>;
};

test("every kind of client follows a service whose cluster is renamed without a failed call, and one that goes and comes back", {
  timeout: 240_000,
}, async (t) => {
  await using started = new AsyncDisposableStack();
  const first = started.use(await startBackend({ id: "first", datacenter: "dc-a" }));
  const second = started.use(await startBackend({ id: "second", datacenter: "dc-a" }));
  const before = documents("report", first.address);
  const weir = started.use(await startWeir({ documents: { "services.json": before } }));
  const callers = await startCallers(weir, started, t);
  const answers = async (id: string) => {
    for (const { name, send } of callers)
      await until(async () => answersById(await send(4)).get(id) === 4, {
        within: 20_000,
        what: `${name} is answered by ${id} alone`,
      });
  };
  await answers("first");

  // Another cluster, with another name, behind the same host: routes may not name it before clients have it, and the old one
  // may not go before no route names it.
  const calling = new AbortController();
  const called = Promise.all(callers.map((caller) => callUntil(caller, calling.signal)));
  // Where something else fails first, that is what is told.
  called.catch(() => undefined);
  await weir.writeDocument("services.json", documents("report-2", second.address));
  await answers("second");
  await until(async () => (await clustersOf(weir)).every((names) => names === "report-2"), {
    within: 20_000,
    what: "the old cluster is gone from every client",
    everyMs: 100,
  });
  calling.abort();
  for (const [index, records] of (await called).entries()) {
    const name = callers[index]?.name;
    assert.deepEqual(
      records.find(({ code }) => code !== "OK"),
      undefined,
      name,
    );
    assert.deepEqual([...answersById(records).keys()], ["first", "second"], name);
  }
  await inStep(weir, callers.length);

  await weir.writeDocument("services.json", documents("report-2", second.address, "elsewhere"));
  for (const { name, send } of callers) {
    const gone = async () => !codes(await send(1, { deadlineMs: 1_000 })).has("OK");
    await until(gone, { within: 20_000, what: `${name} no longer knows the host` });
  }
  await weir.writeDocument("services.json", before);
  await answers("first");
  await inStep(weir, callers.length);
});

/** One service, reached by this host. */
function documents(name: string, address: string, host = "report"): string {
  return JSON.stringify({
    apiVersion: "weir/v1alpha1",
    kind: "Service",
    metadata: { name },
    spec: { protocol: "GRPC", hosts: [host], endpoints: [{ static: [{ address, locality: "dc-a/z1" }] }] },
  });
}

/** Envoys of both variants, and gRPC clients in as many languages as this machine has the tools for. */
async function startCallers(weir: Weir, started: AsyncDisposableStack, t: TestContext): Promise<readonly Caller[]> {
  const callers: Caller[] = [];
  for (const variant of ["sotw", "delta"] as const) {
    const edge = started.use(await startEdge(weir, { nodeId: `edge-${variant}`, variant }));
    const load = started.use(startLoad({ target: await edge.listener("edge", 20_000), authority: "report" }));
    callers.push({ name: `an Envoy on ${variant}`, send: load.send });
  }
  const node = (id: string) => ({ id, cluster: "billing", locality: { region: "dc-a", zone: "z1" } });
  const common = { target: "xds:///report", xds: weir.xds };
  const inNode = started.use(await startXdsClient({ ...common, node: node("node-1") }));
  callers.push({ name: "a gRPC client in node", send: inNode.send });
  for (const [language, { prepare }] of Object.entries(foreignClients)) {
    const program = await programOf(prepare, t);
    if (program === undefined) continue;
    const client = started.use(await startXdsClient({ ...common, node: node(`${language}-1`), program }));
    callers.push({ name: `a gRPC client in ${language}`, send: client.send });
  }
  return callers;
}

async function callUntil({ send }: Caller, signal: AbortSignal): Promise<readonly CallRecord[]> {
  const records: CallRecord[] = [];
  while (!signal.aborted) {
    records.push(...(await send(10)));
    await delay(20);
  }
  return records;
}

/** The clusters that each client holds. */
async function clustersOf(weir: Weir): Promise<readonly string[]> {
  const { clients } = (await weir.api("GET", "/v1/clients")).body as {
    readonly clients: readonly { nodeId: string }[];
  };
  return Promise.all(
    clients.map(async ({ nodeId }) => {
      const { body } = await weir.api("GET", `/v1/clients/${nodeId}/resources?type=CDS`);
      return (body as { readonly resources: readonly { name: string }[] }).resources.map(({ name }) => name).join();
    }),
  );
}

async function inStep(weir: Weir, clients: number): Promise<void> {
  await until(
    async () => {
      const { code, stdout } = await weirCommand(weir, ["proxy", "status"]);
      return code === 0 && stdout.trim().split("\n").length > clients && !/ERROR|STALE/.test(stdout);
    },
    { within: 20_000, what: "all clients have what they are to have", everyMs: 200 },
  );
}
