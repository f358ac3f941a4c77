import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ResourceStatus } from "../../control-plane/src/serve/clients.ts";
import { connectedClient } from "../../control-plane/src/serve/testing.ts";
import { until } from "../kit/wait.ts";
import { byId, configsOf } from "./csds-client.ts";
import { type CsdsScene, startCsdsScene } from "./csds-scene.ts";

const at = new Date();

function addMany({ clients }: CsdsScene, count: number, resources: number): void {
  const all: readonly ResourceStatus[] = Array.from({ length: resources }, (_, index) => ({
    ...{ type: "cluster" as const, name: `cluster-${index}`, status: "ACKED" as const },
    ...{ version: "v1", held: "v1", at },
  }));
  for (let index = 0; index < count; index += 1)
    clients.add(connectedClient({ identity: { nodeId: `client-${index}` }, resources: () => all }));
}

test("a stream tells many clients in messages that every gRPC client takes", async () => {
  await using scene = await startCsdsScene();
  addMany(scene, 1_000, 50);
  const pages = await scene.status.stream({});
  assert.ok("length" in pages);
  assert.ok(pages.length > 3);
  const configs = pages.flatMap(({ config }) => config);
  assert.equal(new Set(configs.map(({ node }) => node?.id)).size, 1_000);
  assert.ok(configs.every(({ genericXdsConfigs }) => genericXdsConfigs.length === 50));
});

test("what does not fit into one message is refused where there is only one, with what to do", async () => {
  await using scene = await startCsdsScene();
  addMany(scene, 1_000, 50);
  assert.deepEqual(await scene.status.fetch(), {
    ended:
      "RESOURCE_EXHAUSTED: the status of these clients is more than 4 MiB: ask for fewer with node_matchers, " +
      "set exclude_resource_contents, or use StreamClientStatus, which answers in several messages",
  });
  assert.equal(configsOf(await scene.status.fetch({ nodeMatchers: [byId("prefix", "client-1")] })).length, 111);
});

test("others have their turn while an answer is made", async () => {
  await using scene = await startCsdsScene();
  addMany(scene, 200, 250);
  let longest = 0;
  let made = false;
  const answering = scene.status.stream({}).then((pages) => {
    made = true;
    return pages;
  });
  let turns = 0;
  // In CPU time: what else the machine does is no turn of ours.
  for (let last = process.cpuUsage(); !made; turns += 1) {
    await nextTurn();
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1_000);
    last = process.cpuUsage();
  }
  assert.ok("length" in (await answering));
  // 50,000 resources at once would take a third of a second; the client of this test decodes a message in one go, too.
  assert.ok(turns > 50, `${turns} turns`);
  assert.ok(longest < 250, `the longest turn took ${longest} ms of CPU`);
});

test("a reader that goes away in the middle leaves nothing behind", async () => {
  await using scene = await startCsdsScene();
  addMany(scene, 1_000, 50);
  for (let round = 0; round < 6; round += 1) await scene.status.streamAndLeave();
  // An answer in the making for good would be refused after the fourth.
  await until(async () => "length" in (await scene.status.stream({})), { within: 30_000, what: "a whole answer" });
});

test("more questions than can be answered at once are told to come again", async () => {
  await using scene = await startCsdsScene();
  addMany(scene, 1_000, 50);
  const answers = await Promise.all(Array.from({ length: 12 }, () => scene.status.stream({})));
  const refused = answers.filter((answer) => "ended" in answer);
  assert.ok(refused.length >= 1 && refused.length <= 8, `${refused.length} refused`);
  assert.match(refused[0]?.ended ?? "", /^RESOURCE_EXHAUSTED: 4 answers .* ask again in a second$/);
});

test("readers that do not read keep others from asking only for a time", async () => {
  await using scene = await startCsdsScene({ readTimeoutMs: 300 });
  addMany(scene, 1_000, 50);
  using _stalled = new DisposableStack();
  for (let reader = 0; reader < 4; reader += 1) _stalled.use(scene.status.streamAndStall());
  await until(() => scene.notes.length === 4, { within: 30_000, what: "four answers in the making" });
  await until(async () => "length" in (await scene.status.stream({})), { within: 30_000, what: "a whole answer" });
});

test("a stream on which nothing is asked is ended", async () => {
  await using scene = await startCsdsScene({ silenceMs: 100 });
  assert.deepEqual(await scene.status.stream(), { ended: "DEADLINE_EXCEEDED: no question within 0.1 s" });
});
