// npm run load:slow [-- --pairs 12] [--seconds 5]
// What readers that have stopped cost the others, under 1,000 changes a second: windows with them and windows without take turns,
// so that what else the machine does falls on both. Prints what an honest client waits from one response to the next.
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connectHonest, isServed } from "../hostile/honest-client.ts";
import { startHonestProcess } from "../hostile/honest-process.ts";
import { connectHttp2 } from "../hostile/raw-client.ts";
import { callWith, deltaRequest, node, types } from "../hostile/requests.ts";
import { startServer } from "../hostile/server.ts";
import { quantile } from "../kit/quantile.ts";
import { until } from "../kit/wait.ts";

const { values } = parseArgs({
  options: { pairs: { type: "string", default: "12" }, seconds: { type: "string", default: "5" } },
});
const windowMs = Number(values.seconds) * 1_000;

// As long as a window and more: a reader that was ended is no burden.
await using server = await startServer({ ackTimeoutMs: 10 * windowMs, limits: { keepaliveTimeMs: 10 * windowMs } });
using honest = connectHonest(server.target);
await isServed(honest, server);
await measured();

const gaps = { with: [] as number[], without: [] as number[] };
const changes = { with: 0, without: 0 };
for (let pair = 0; pair < Number(values.pairs); pair += 1) {
  // Each leads in turn: what warms up or grows on the way falls on both.
  for (const side of pair % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const)) {
    const { found, made } = side === "with" ? await beside(measured) : await measured();
    gaps[side].push(...found);
    changes[side] += made;
  }
}
for (const side of ["with", "without"] as const) {
  const perSecond = Math.round(changes[side] / (Number(values.pairs) * Number(values.seconds)));
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => quantile(gaps[side], share).toFixed(2));
  console.log(
    `${side}: ${perSecond} changes/s, p50 ${p50} ms, p99 ${p99} ms, p99.9 ${p999} ms of ${gaps[side].length}`,
  );
}
console.log(`p99 with/without: ${(quantile(gaps.with, 0.99) / quantile(gaps.without, 0.99)).toFixed(3)}`);

/** One window, as the honest client saw it. */
async function measured(): Promise<{ readonly found: readonly number[]; readonly made: number }> {
  const before = await server.stats();
  const began = performance.now();
  await server.bumpFor(windowMs);
  await delay(windowMs + 100);
  const times = honest.receivedAt.filter((at) => at >= began && at < began + windowMs);
  const { bumps } = await server.stats();
  return { found: times.slice(1).map((at, index) => at - (times[index] ?? at)), made: bumps - before.bumps };
}

/** The same beside a client whose process is stopped, and one that answers pings but takes no data. */
async function beside<T>(measure: () => Promise<T>): Promise<T> {
  await using stopped = await startHonestProcess(server.target, "stopped");
  using shut = await connectHttp2(server.target, { 4: 0 });
  const endpoints = deltaRequest({ typeUrl: types.endpoints, resourceNamesSubscribe: ["cluster-00000"] });
  await shut.send(callWith(1, deltaRequest({ node: { ...node, id: "shut" }, typeUrl: types.cluster }), endpoints));
  await until(async () => (await server.stats()).clients === 3, { within: 5_000, what: "all are known" });
  stopped.signal("SIGSTOP");
  try {
    return await measure();
  } finally {
    stopped.signal("SIGCONT");
  }
}
