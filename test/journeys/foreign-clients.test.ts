import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { foreignClients, programOf } from "../clients/program-of.ts";
import { startBackendProcess } from "../kit/backend.ts";
import { answersByDatacenter, codes } from "../kit/grpc-load.ts";
import { settled } from "../kit/settled.ts";
import { assertShare } from "../kit/share.ts";
import { register, seventyThirty } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";
import { startXdsClient, type XdsClient } from "../kit/xds-client.ts";

const requests = 3_000;

for (const [language, { prepare, agent, kind }] of Object.entries(foreignClients)) {
  // The first time, it has to be built.
  test(`a gRPC client in ${language} follows the weights and a shift of them, is told apart and shown as synced, and fails over`, {
    timeout: 240_000,
  }, async (t) => {
    const program = await programOf(prepare, t);
    if (program === undefined) return t.skip("its tools are missing");
    await using started = new AsyncDisposableStack();
    const weir = started.use(await startWeir({ documents: { "report.yaml": seventyThirty } }));
    const backends = await Promise.all(
      ["dc-a", "dc-b", "dc-c"].map(async (datacenter) =>
        started.use(await startBackendProcess({ id: `${datacenter}-1`, datacenter })),
      ),
    );
    for (const backend of backends) await register(weir, backend);
    const node = { id: `${language}-1`, cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
    const client = started.use(await startXdsClient({ target: "xds:///report", xds: weir.xds, node, program }));
    await client.send(1);
    await assertShares(client, { "dc-a": 0.7, "dc-b": 0.3, "dc-c": 0 });

    const shifted = await weirCommand(weir, ["traffic", "set", "report", "dc-a=20", "dc-b=80", "--reason", "test"]);
    assert.equal(shifted.code, 0, shifted.stderr);
    await settled(weir);
    await delay(1_000);
    await assertShares(client, { "dc-a": 0.2, "dc-b": 0.8, "dc-c": 0 });

    const synced = (column: string) => `${column} \\(\\S+\\) +`;
    const row = new RegExp(`^${language}-1 +grpc +proxyless +dc-a/z1 +${synced("SYNCED").repeat(4)}`, "m");
    const status = await until(
      async () => {
        const { stdout } = await weirCommand(weir, ["proxy", "status"]);
        return row.test(stdout) && stdout;
      },
      { within: 30_000, what: "the client has ACKed all that it was sent" },
    );
    assert.match(status, agent);

    const described = await weirCommand(weir, ["describe", "service", "report", "-o", "json"]);
    const { clients, programmed } = JSON.parse(described.stdout) as Described;
    const connected = clients.filter((each) => each.clients > 0);
    assert.deepEqual(
      connected.map((each) => each.kind),
      [kind],
    );
    assert.match(connected[0]?.version ?? "", /^\d+\.\d+\.\d+/);
    assert.deepEqual(programmed, { clients: 1, has: 1, behind: 0, rejects: [] });

    for (const { datacenter, kill } of backends) if (datacenter !== "dc-c") await kill();
    await until(async () => answersByDatacenter(await client.send(30)).get("dc-c") === 30, {
      within: 20_000,
      what: "all calls go to the standby",
    });
  });
}

type Described = {
  readonly clients: readonly { readonly kind: string; readonly version: string; readonly clients: number }[];
  readonly programmed: object;
};

async function assertShares(client: XdsClient, shares: Readonly<Record<string, number>>): Promise<void> {
  const records = await client.send(requests);
  assert.deepEqual([...codes(records)], [["OK", requests]]);
  const answers = answersByDatacenter(records);
  for (const [datacenter, share] of Object.entries(shares))
    assertShare(answers.get(datacenter) ?? 0, { of: requests, share, what: datacenter });
}
