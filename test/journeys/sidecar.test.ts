import assert from "node:assert/strict";
import { test } from "node:test";
import { startBackend } from "../kit/backend.ts";
import { answersById, codes, startLoad } from "../kit/grpc-load.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { startWeir } from "../kit/weir.ts";

test("a sidecar reaches every service by its host through its outbound listener, and knows no others", async () => {
  await using report = await startBackend({ id: "report-1", datacenter: "dc-a" });
  await using billing = await startBackend({ id: "billing-1", datacenter: "dc-a" });
  const services = [
    { name: "report", address: report.address },
    { name: "billing", address: billing.address },
  ].map(({ name, address }) => ({
    apiVersion: "weir/v1alpha1",
    kind: "Service",
    metadata: { name },
    spec: { endpoints: [{ static: [{ address, locality: "dc-a/z1" }] }] },
  }));
  const documents = Object.fromEntries(services.map((each) => [`${each.metadata.name}.json`, JSON.stringify(each)]));
  await using weir = await startWeir({ documents });
  await using sidecar = await startEdge(weir, { nodeId: "shop-1", role: "sidecar", service: "shop" });
  const target = await sidecar.listener("outbound");
  for (const authority of ["report", "billing"]) {
    await using load = startLoad({ target, authority });
    const records = await load.send(20);
    assert.deepEqual([...codes(records)], [["OK", 20]]);
    assert.deepEqual([...answersById(records).keys()], [`${authority}-1`]);
  }
  await using stranger = startLoad({ target, authority: "nobody" });
  assert.deepEqual([...codes(await stranger.send(1))], [["UNIMPLEMENTED", 1]], "no route is no service");
  const { clients } = (await weir.api("GET", "/v1/clients")).body as {
    clients: readonly { role: string; cluster: string }[];
  };
  assert.deepEqual(
    clients.map(({ role, cluster }) => ({ role, cluster })),
    [{ role: "sidecar", cluster: "shop" }],
  );
});
