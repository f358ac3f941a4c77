import assert from "node:assert/strict";
import { test } from "node:test";
import { inBackground } from "../kit/background.ts";
import { openPage, withoutBrowser } from "../kit/browser.ts";
import { type Scene, seventyThirty, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { weirCommand } from "../kit/weir-command.ts";

const documents = `${seventyThirty}
---
apiVersion: weir/v1alpha1
kind: TrafficPolicy
metadata: {name: report}
spec:
  targetRefs: [{name: report}]
  outlierDetection: {interval: 500ms, baseEjectionTime: 15s, maxEjectionTime: 15s, consecutiveGatewayErrors: 3}
`;

type Client = { readonly running: { readonly state: string; readonly differing?: number } };
type Ejections = {
  readonly endpoints: readonly { readonly address: string; readonly state: string; readonly clients: number }[];
  readonly events: readonly { readonly change: string; readonly address?: string }[];
};

async function ejections({ weir }: Scene): Promise<Ejections> {
  return (await weir.api("GET", "/v1/ejections?service=report")).body as Ejections;
}

test("what clients run and whom they ejected is asked of them, told by API, commands and page, and ends with the trouble", {
  timeout: 180_000,
}, async () => {
  await using scene = await startScene({
    ...{ documents, edge: { tellsAdmin: true }, proxylessAdmin: true },
    weirArgs: ["--clients-admin-allow", "127.0.0.0/8", "--clients-admin-interval", "1s"],
  });
  const weir = async (...args: readonly string[]) => {
    const { stdout, stderr } = await weirCommand(scene.weir, args);
    return `${stdout}${stderr}`;
  };
  const isWanted = async (nodeId: string) => {
    const { running } = (await scene.weir.api("GET", `/v1/clients/${nodeId}`)).body as Client;
    return running.state === "seen" && running.differing === 0;
  };
  for (const nodeId of ["edge-1", "client-1"])
    await until(() => isWanted(nodeId), { within: 60_000, what: `${nodeId} runs what is wanted` });
  assert.match(await weir("client", "status"), /as wanted \(.*\n.*as wanted \(/);
  assert.match(await weir("client", "diff", "client-1"), /client-1 runs what it is to have, by its own words/);
  const [sick] = scene.backends("dc-a");
  assert.ok(sick);
  sick.fail(true);
  await using _traffic = inBackground(async (stopped) => {
    while (!stopped()) await scene.throughEdge.sendAtRate({ perSecond: 40, forMs: 1_000 });
  });
  await until(async () => (await ejections(scene)).endpoints.some(({ address }) => address === sick.address), {
    within: 60_000,
    what: `${sick.address} is ejected`,
  });
  assert.match(await weir("endpoints", "report", "--from", "dc-a/z1"), /ejected by 1\/1/);
  assert.match(await weir("ejections"), /dc-a\/z1 +127\.0\.0\.1:\d+ +ejected by 1\/1/);
  if (!withoutBrowser) {
    await using open = await openPage(`http://${scene.weir.admin}/#ejections`);
    await open.page.getByRole("row", { name: sick.address }).waitFor();
    assert.deepEqual(await open.seriousFindings(), []);
    assert.deepEqual(open.complaints, []);
  }
  sick.fail(false);
  await until(async () => (await ejections(scene)).endpoints.length === 0, {
    within: 60_000,
    what: "all are used again",
  });
  const { events } = await ejections(scene);
  assert.deepEqual([events[0]?.change, events[0]?.address], ["ended", sick.address]);
});
