// npm run load:page [-- --seconds 60] [--clients 500] [--rate 200] [--out FILE]
// What the page costs a browser, and a browser the page's server: a real Chromium, without a GPU, on a real control plane with so many
// simulated clients and so many requests per second through an Envoy and a proxyless client. Prints the figures, and fails where one
// is beyond its goal.
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { inBackground } from "../../kit/background.ts";
import { openPage, withoutBrowser } from "../../kit/browser.ts";
import { startProcess } from "../../kit/process.ts";
import { startScene } from "../../kit/three-data-centers.ts";
import { until } from "../../kit/wait.ts";
import { quietMachine } from "../quiet-machine.ts";
import { browserCpu } from "./browser-cpu.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    clients: { type: "string", default: "500" },
    rate: { type: "string", default: "200" },
    out: { type: "string" },
  },
});
const [seconds, clients, rate] = [Number(values.seconds), Number(values.clients), Number(values.rate)];
if (withoutBrowser !== false) throw new Error(withoutBrowser);

/** What issue and design ask for. */
const goals = { cpuPercent: 10, heapKbPerMinute: 100, bytesPerSecond: 20_000, firstPaintMs: 1_000 };

await using scene = await startScene({ perDatacenter: 1 });
const { weir, throughEdge, proxyless } = scene;
const url = `http://${weir.admin}/`;
await using simulated = startProcess({
  name: `${clients} clients`,
  command: process.execPath,
  args: [fileURLToPath(new URL("./clients-main.ts", import.meta.url)), weir.xds, String(clients)],
});
await simulated.json(({ ready }) => ready === true, 120_000);
await using _requests = inBackground(async (stopped) => {
  const each = { perSecond: rate / 2, forMs: 1_000 };
  while (!stopped()) await Promise.all([throughEdge.sendAtRate(each), proxyless.sendAtRate(each)]);
});
await quietMachine(20_000, 0.6);

const paints: number[] = [];
for (let nth = 0; nth < 5; nth++) {
  await using fresh = await openPage(url);
  const painted = () =>
    fresh.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime") as Promise<
      number | undefined
    >;
  await until(async () => (await painted()) !== undefined, { within: 10_000, what: "the first paint" });
  paints.push((await painted()) ?? Number.NaN);
}

await using open = await openPage(url);
const { page } = open;
const shown = page.getByRole("link", { name: "Clients" }).locator(".count");
await until(async () => (await shown.innerText()) === String(clients + 2), { within: 60_000, what: "all clients" });
await until(async () => /1\d\d|2\d\d/.test(await page.locator(".totals").first().innerText()), {
  within: 60_000,
  what: "requests on the page",
});
// Until what it keeps of the past and the code that runs hot have settled.
await delay(10_000);
const browser = await page.context().newCDPSession(page);

const stream = await countBytes(`${url}v1/events?view=page`, seconds);
const before = await browserCpu();
const began = performance.now();
const heapBefore = await heap();
const bytes = await stream.done;
const took = (performance.now() - began) / 1_000;
const after = await browserCpu();
const loadThen = loadavg()[0] ?? 0;
const heaps: (readonly [number, number])[] = [[0, heapBefore]];
while (heaps.length < 7) {
  await delay((1_000 * seconds) / 6);
  heaps.push([(performance.now() - began) / 60_000, await heap()]);
}

const percent = (type: string) => (100 * ((after[type] ?? 0) - (before[type] ?? 0))) / took;
const types = Object.keys(after);
const figures = {
  cpuPercent: rounded(percent("browser") + percent("renderer")),
  cpuPercentByProcess: Object.fromEntries(types.map((type) => [type, rounded(percent(type))])),
  cpuPercentOfAll: rounded(types.reduce((sum, type) => sum + percent(type), 0)),
  heapKb: heaps.map(([, bytes]) => Math.round(bytes / 1_024)),
  heapKbPerMinute: Math.round(slope(heaps.slice(1)) / 1_024),
  beginningBytes: bytes.beginning,
  bytesPerSecond: Math.round(bytes.after / seconds),
  mostBytesInASecond: bytes.most,
  firstPaintMs: Math.round(Math.min(...paints)),
  firstPaintsMs: paints.map(Math.round),
  machine: `${cpus().length} cores of ${cpus()[0]?.model ?? "an unknown processor"}, load ${loadThen.toFixed(1)}`,
  of: { seconds, clients, rate },
};
console.log(JSON.stringify(figures, undefined, 2));
if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(figures, undefined, 2)}\n`);
for (const [name, most] of Object.entries(goals)) {
  const found = figures[name as keyof typeof goals];
  console.log(`${found < most ? "ok  " : "MISS"} ${name}: ${found}, goal below ${most}`);
  if (found >= most) process.exitCode = 1;
}
if (open.complaints.length > 0) {
  console.log(open.complaints.join("\n"));
  process.exitCode = 1;
}

/** What the page's script holds, without what could be thrown away. */
async function heap(): Promise<number> {
  await browser.send("HeapProfiler.collectGarbage");
  return (await browser.send("Runtime.getHeapUsage")).usedSize;
}

/** Listens as the page does; the text is the same for all who do. */
async function countBytes(address: string, seconds: number) {
  const response = await fetch(address);
  const reader = response.body?.getReader();
  if (!reader) throw new Error(`${address} answers nothing`);
  const beginning = (await reader.read()).value?.length ?? 0;
  const counting = async () => {
    let [after, most, inSecond, second] = [0, 0, 0, 0];
    const began = performance.now();
    for (;;) {
      const { value, done } = await reader.read();
      const now = Math.floor((performance.now() - began) / 1_000);
      if (done || now >= seconds) break;
      if (now !== second) [inSecond, second] = [0, now];
      inSecond += value.length;
      most = Math.max(most, inSecond);
      after += value.length;
    }
    await reader.cancel();
    return { beginning, after, most };
  };
  return { done: counting() };
}

/** Per unit of the first number, by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)];
  return (
    points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) /
    points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  );
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
