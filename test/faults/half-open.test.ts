import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { connectHonest, isServed } from "../hostile/honest-client.ts";
import { startHonestProcess } from "../hostile/honest-process.ts";
import { startServer } from "../hostile/server.ts";
import { until } from "../kit/wait.ts";

const goneWithinMs = 20_000;

test("a client whose process is stopped is gone within 20 s, though its TCP connection lives", async () => {
  await using server = await startServer();
  using honest = connectHonest(server.target);
  await isServed(honest, server);
  await using stopped = await startHonestProcess(server.target, "stopped");
  stopped.signal("SIGSTOP");
  try {
    await until(async () => (await server.stats()).clients === 1, {
      within: goneWithinMs,
      what: "the stopped client is gone",
      everyMs: 200,
    });
    const { counts, last } = await server.stats();
    assert.equal(counts["client-disconnected"], 1);
    assert.equal(last["client-disconnected"]?.["nodeId"], "stopped");
    await isServed(honest, server);
  } finally {
    stopped.signal("SIGCONT");
  }
});

// A network namespace of its own is what only root may have.
const mayCut = process.getuid?.() === 0 && spawnSync("ip", ["netns", "list"]).status === 0;

test("a client whose network is cut is gone within 20 s", { skip: !mayCut }, async () => {
  using network = makeNetwork();
  await using server = await startServer({ host: network.ours });
  using honest = connectHonest(server.target);
  await isServed(honest, server);
  await using _lost = await startHonestProcess(server.target, "lost", network.inside);
  assert.equal((await server.stats()).clients, 2);
  network.cut();
  await until(async () => (await server.stats()).clients === 1, {
    within: goneWithinMs,
    what: "the lost client is gone",
    everyMs: 200,
  });
  await isServed(honest, server);
});

/** A network of two: us, and whoever runs by `inside`. */
function makeNetwork() {
  const name = `weir-${process.pid}`;
  const [ourEnd, theirEnd] = [`wa${process.pid}`, `wb${process.pid}`];
  const third = process.pid % 250;
  const [ours, theirs] = [`10.213.${third}.1`, `10.213.${third}.2`];
  const ip = (...args: readonly string[]) => execFileSync("ip", args);
  ip("netns", "add", name);
  ip("link", "add", ourEnd, "type", "veth", "peer", "name", theirEnd, "netns", name);
  ip("addr", "add", `${ours}/24`, "dev", ourEnd);
  ip("link", "set", ourEnd, "up");
  ip("-n", name, "addr", "add", `${theirs}/24`, "dev", theirEnd);
  ip("-n", name, "link", "set", theirEnd, "up");
  return {
    ours,
    inside: ["ip", "netns", "exec", name],
    // Their end: on ours the address would go with it, and the honest client's connections too.
    cut: () => ip("-n", name, "link", "set", theirEnd, "down"),
    [Symbol.dispose]() {
      ip("link", "del", ourEnd);
      ip("netns", "del", name);
    },
  };
}
