import { setTimeout as delay } from "node:timers/promises";
import { type Backend, startBackend } from "../../../kit/backend.ts";
import { type Background, inBackground } from "../../../kit/background.ts";
import { startConsul } from "../../../kit/consul.ts";
import { documentOf } from "../../../kit/documents.ts";
import { startLoad } from "../../../kit/grpc-load.ts";
import { startRelay } from "../../../kit/relay.ts";
import { startEdge } from "../../../kit/three-data-centers.ts";
import { until } from "../../../kit/wait.ts";
import { startWeir, type Weir } from "../../../kit/weir.ts";
import { startXdsClient } from "../../../kit/xds-client.ts";
import type { Fault } from "../fault.ts";
import { type Holding, startHolder } from "../holder.ts";
import { answered, sendOn } from "../traffic.ts";

const datacenters = ["dc-a", "dc-b"] as const;
const everyMs = 300;

export const replicas: Fault = {
  name: "replicas",
  breaks:
    "of three replicas behind one address one is killed, one paused, and all are restarted in turn, while weights move",
  async run({ random, short, say }) {
    await using consul = await startConsul({ datacenters: ["dc-a"] });
    await using started = new AsyncDisposableStack();
    const backends: Backend[] = [];
    for (const datacenter of datacenters)
      for (const index of [1, 2])
        backends.push(started.use(await startBackend({ id: `${datacenter}-${index}`, datacenter })));
    const all: Weir[] = [];
    for (let count = 0; count < 3; count += 1)
      all.push(started.use(await startWeir({ args: ["--store-consul", consul.url("dc-a")] })));
    const [first] = all;
    if (first === undefined) throw new Error("there are three");
    await apply(first, serviceOf(backends), splitOf(20));
    await using front = await startRelay(first.xds);
    front.lead(...all.map(({ xds }) => xds));
    await using edge = await startEdge({ ...first, xds: front.address });
    await using throughEdge = startLoad({ target: await edge.listener("edge"), authority: "report" });
    const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
    await using proxyless = await startXdsClient({ target: "xds:///report", xds: front.address, node });
    using holder = startHolder({ xds: () => front.address });
    await until(() => holder.holds("report"), { within: 10_000, what: "the holder has endpoints" });

    await using ofEdge = sendOn(throughEdge);
    await using ofProxyless = sendOn(proxyless);
    await using shift = shiftOn(all);
    for (let round = 0; round < (short ? 1 : 10); round += 1) {
      const victim = random.oneOf([first, ...all.slice(1)]);
      say("one is killed");
      await victim.kill();
      await delay(random.between(200, 2_000));
      await victim.start();
      const sleeper = random.oneOf([first, ...all.slice(1)]);
      say("one is paused, and goes on with what it knew");
      sleeper.process().signal("SIGSTOP");
      await delay(random.between(2_000, 4_000));
      sleeper.process().signal("SIGCONT");
      say("all are restarted, one after the other");
      for (const weir of all) {
        await weir.stop();
        await weir.start();
      }
    }
    const last = await shift.stop();
    const arrived = () => Math.round((holder.holds("report")?.shares["dc-a"] ?? 0) * 100) === last;
    await until(arrived, { within: 30_000, what: `${last} % in dc-a has arrived` });
    const back = wentBack(holder.holdings);
    return [
      answered("through Envoy", await ofEdge.stop()),
      answered("proxyless", await ofProxyless.stop()),
      {
        invariant: "no version goes back",
        holds: back === undefined,
        found: back ?? `${holder.holdings.length} versions, 20 to ${last} % in dc-a`,
      },
      {
        invariant: "nothing is sent that is held",
        holds: holder.resent.length === 0,
        found: `${holder.resent.length} resent ${holder.resent.slice(0, 3)}`,
      },
    ];
  },
};

/** A holding with a smaller share than the one before: the share only ever grew. */
function wentBack(holdings: readonly Holding[]): string | undefined {
  let before = 0;
  for (const { shares } of holdings) {
    const share = shares["dc-a"] ?? 0;
    if (share < before - 0.001) return `${share} after ${before} in dc-a`;
    before = share;
  }
  return undefined;
}

/** Gives dc-a a per cent more again and again, through whichever replica answers; says in the end how many it has. */
function shiftOn(all: readonly Weir[]): Background<number> {
  return inBackground(async (stopped) => {
    let share = 20;
    for (let turn = 0; !stopped() && share < 95; turn += 1) {
      const weir = all[turn % all.length];
      const applied = weir && (await apply(weir, splitOf(share + 1)).catch(() => false));
      if (applied) share += 1;
      await delay(everyMs);
    }
    return share;
  });
}

async function apply(weir: Weir, ...documents: readonly object[]): Promise<boolean> {
  return (await weir.api("POST", "/v1/config:apply", { documents })).status === 200;
}

function serviceOf(backends: readonly Backend[]): object {
  const endpoints = backends.map(({ address, datacenter }) => ({ address, locality: `${datacenter}/z1` }));
  return documentOf("Service", "report", { protocol: "GRPC", hosts: ["report"], endpoints: [{ static: endpoints }] });
}

function splitOf(share: number): object {
  return documentOf("TrafficSplit", "report", {
    service: "report",
    rules: [{ from: "*", to: { "dc-a": share, "dc-b": 100 - share } }],
  });
}
