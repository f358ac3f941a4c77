import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { CallRecord } from "../kit/echo.ts";
import { answersByDatacenter, codes } from "../kit/grpc-load.ts";
import { settled } from "../kit/settled.ts";
import { assertShare } from "../kit/share.ts";
import { pushes, startScene } from "../kit/three-data-centers.ts";
import { weirCommand } from "../kit/weir-command.ts";

const requests = 3_000;

function assertShares(records: readonly CallRecord[], shares: Readonly<Record<string, number>>, client: string): void {
  assert.deepEqual([...codes(records).keys()], ["OK"], client);
  const answers = answersByDatacenter(records);
  for (const [datacenter, share] of Object.entries(shares)) {
    assertShare(answers.get(datacenter) ?? 0, { of: records.length, share, what: `${datacenter} through ${client}` });
  }
}

test("traffic follows the weights, and a second after they were shifted follows the new ones", async () => {
  await using scene = await startScene({ weirArgs: ["--log-level", "debug"] });
  const { weir, throughEdge, proxyless } = scene;
  const clients = { "the Envoy edge": throughEdge, "the proxyless client": proxyless };

  for (const [name, load] of Object.entries(clients)) {
    assertShares(await load.send(requests), { "dc-a": 0.7, "dc-b": 0.3, "dc-c": 0 }, name);
  }

  const before = weir.process().lines.length;
  const { code, stdout, stderr } = await weirCommand(weir, [
    "traffic",
    "set",
    "report",
    "dc-a=20",
    "dc-b=80",
    "--reason",
    "test",
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /dc-b/);
  await settled(weir);
  // Envoy may gather what it has acknowledged before it goes by it.
  await delay(1_000);
  for (const [name, load] of Object.entries(clients)) {
    assertShares(await load.send(requests), { "dc-a": 0.2, "dc-b": 0.8, "dc-c": 0 }, name);
  }

  const sent = pushes(weir, before).toSorted((a, b) => a.node.localeCompare(b.node));
  assert.deepEqual(
    sent,
    [
      { node: "client-1", type: "endpoints", resources: 1, removed: 0 },
      { node: "edge-1", type: "endpoints", resources: 1, removed: 0 },
    ],
    "one EDS resource for each viewer, and nothing else",
  );
});
