import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connections } from "../hostile/attack.ts";
import { rstStream } from "../hostile/frames.ts";
import { connectHonest, type HonestClient, isServed } from "../hostile/honest-client.ts";
import { callWith, deltaRequest, node, types } from "../hostile/requests.ts";
import { type AttackedServer, type ServerStats, startServer } from "../hostile/server.ts";
import { until } from "../kit/wait.ts";

const streams = Number(process.env["WEIR_CANCELLED_STREAMS"] ?? 20_000);
// HTTP/2 servers end a connection that resets more than about a thousand streams (CVE-2023-44487).
const perConnection = 500;
const mostGrowth = 0.05;

for (const { title, limits } of [
  { title: "streams that are opened and cancelled leave nothing behind", limits: {} },
  { title: "nor do they when all of them are admitted", limits: { streamsPerSecond: 0 } },
]) {
  test(`${title}: ${streams} of them`, async (t) => {
    await using server = await startServer({ clusters: 100, limits });
    using honest = connectHonest(server.target);
    await isServed(honest, server);
    // A first one compiles code and grows what the allocator keeps.
    await storm(server, streams / 4);
    await settled(server);
    let measured = await stormed(server, honest);
    // How much the allocator keeps settles after a storm or two; what leaks would grow with each.
    for (let again = 0; again < 2 && grownBy(measured) > mostGrowth; again++) measured = await stormed(server, honest);
    const { before, after } = measured;
    assert.ok(
      after.heldBytes < before.heldBytes * (1 + mostGrowth),
      `V8 held ${before.heldBytes} bytes and holds ${after.heldBytes}`,
    );
    assert.ok(grownBy(measured) <= mostGrowth, `resident: ${before.rssBytes}, then ${after.rssBytes}`);
    assert.equal(after.clients, 1);
    assert.equal(honest.ended(), undefined);
    tell(t, measured);
  });
}

type Measured = {
  readonly before: ServerStats;
  readonly after: ServerStats;
  readonly stormMs: number;
  readonly idleMs: number;
  readonly servedMs: readonly number[];
};

async function stormed(server: AttackedServer, honest: HonestClient): Promise<Measured> {
  const before = await server.stats();
  const servedMs: number[] = [];
  const began = performance.now();
  const storming = storm(server, streams);
  for (let times = 0; times < 3; times++) servedMs.push(await isServed(honest, server, { within: 60_000 }));
  await storming;
  const stormMs = performance.now() - began;
  const idleMs = await settled(server);
  return { before, after: await server.stats(), stormMs, idleMs, servedMs };
}

function grownBy({ before, after }: Measured): number {
  return after.rssBytes / before.rssBytes - 1;
}

/** Each stream asks for all clusters, and is cancelled before it can have answered. */
async function storm({ target }: AttackedServer, count: number): Promise<void> {
  const request = deltaRequest({ node, typeUrl: types.cluster });
  for (let opened = 0; opened < count; opened += perConnection * 4) {
    const clients = await connections(target, Math.min(4, (count - opened) / perConnection));
    for (let index = 0; index < perConnection; index += 10)
      for (const client of clients) {
        const ids = Array.from({ length: 10 }, (_, offset) => 1 + 2 * (index + offset));
        await client.send(Buffer.concat(ids.map((id) => callWith(id, request))));
        await client.send(Buffer.concat(ids.map((id) => rstStream(id))));
      }
    for (const client of clients) client[Symbol.dispose]();
  }
}

/** How long it takes until the server uses less than a twentieth of a core. */
async function settled(server: AttackedServer): Promise<number> {
  const began = performance.now();
  let { cpuMs } = await server.stats();
  await until(
    async () => {
      await delay(500);
      const now = await server.stats();
      // Asking collects garbage, which costs as much each time.
      const again = await server.stats();
      const usedMs = now.cpuMs - cpuMs - (again.cpuMs - now.cpuMs);
      cpuMs = again.cpuMs;
      return now.clients === 1 && usedMs < 25;
    },
    { within: 60_000, what: "the server is idle" },
  );
  return performance.now() - began;
}

function tell(t: TestContext, { before, after, stormMs, idleMs, servedMs }: Measured): void {
  const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(1);
  t.diagnostic(
    `${streams} streams in ${Math.round(stormMs)} ms, ${(((after.cpuMs - before.cpuMs) * 1_000) / streams).toFixed(0)} us of CPU each; ` +
      `idle after ${Math.round(idleMs)} ms; V8 ${mib(before.heldBytes)} -> ${mib(after.heldBytes)} MiB, ` +
      `resident ${mib(before.rssBytes)} -> ${mib(after.rssBytes)} MiB; changes took ${servedMs.map((ms) => Math.round(ms)).join(", ")} ms; ` +
      `refused ${after.counts["streams-refused"] ?? 0}`,
  );
}
