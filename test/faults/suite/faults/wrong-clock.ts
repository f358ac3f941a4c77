import { setTimeout as delay } from "node:timers/promises";
import { startBackend } from "../../../kit/backend.ts";
import { startConsul } from "../../../kit/consul.ts";
import { documentOf } from "../../../kit/documents.ts";
import { startLoad } from "../../../kit/grpc-load.ts";
import { startEdge } from "../../../kit/three-data-centers.ts";
import { until } from "../../../kit/wait.ts";
import { startWeir } from "../../../kit/weir.ts";
import type { Fault, Verdict } from "../fault.ts";
import { startHolder } from "../holder.ts";
import { answered, sendOn } from "../traffic.ts";

const datacenters = ["dc-a", "dc-b"] as const;
const shiftedClock = new URL("../../../kit/shifted-clock.mjs", import.meta.url).href;

export const wrongClock: Fault = {
  name: "wrong-clock",
  breaks: "the clock of one replica jumps an hour ahead, then an hour behind",
  async run({ short, say }) {
    await using consul = await startConsul({ datacenters: ["dc-a"] });
    const args = ["--store-consul", consul.url("dc-a")];
    await using right = await startWeir({ args });
    await using wrong = await startWeir({ args, env: { NODE_OPTIONS: `--import ${shiftedClock}` } });
    await using started = new AsyncDisposableStack();
    const instances: { readonly id: string; readonly body: object }[] = [];
    for (const datacenter of datacenters)
      for (const index of [1, 2]) {
        const id = `${datacenter}-${index}`;
        const { address } = started.use(await startBackend({ id, datacenter }));
        instances.push({ id, body: { address, locality: `${datacenter}/z1`, leaseSeconds: 10 } });
      }
    const { status } = await right.api("POST", "/v1/config:apply", { documents: documents() });
    if (status !== 200) throw new Error(`applying the documents: ${status}`);
    const register = () =>
      Promise.all(
        instances.map(({ id, body }) => right.api("PUT", `/v1/registry/services/report/endpoints/${id}`, body)),
      );
    await register();
    const renewing = setInterval(() => void register().catch(() => undefined), 2_000);
    started.defer(() => clearInterval(renewing));
    await using edge = await startEdge(wrong);
    await using load = startLoad({ target: await edge.listener("edge"), authority: "report" });
    using holder = startHolder({ xds: () => wrong.xds });
    // Half of dc-a's 50 %: a third.
    const asWanted = () => {
      const { endpoints = 0, shares = {} } = holder.holds("report") ?? {};
      return endpoints === 4 && Math.abs((shares["dc-a"] ?? 0) - 1 / 3) < 0.01;
    };
    await until(asWanted, { within: 20_000, what: "four endpoints, with the override in force" });
    await using traffic = sendOn(load);
    const verdicts: Verdict[] = [];
    for (const jump of ["an hour ahead", "an hour behind", "right again"]) {
      const before = holder.holdings.length;
      wrong.process().signal("SIGUSR2");
      say(`the clock is ${jump}`);
      await delay(short ? 4_000 : 30_000);
      const told = holder.holdings.length - before;
      verdicts.push({
        invariant: `${jump}: no instance expires, no override ends`,
        holds: asWanted() && told === 0,
        found: `${holder.holds("report")?.endpoints} of 4 instances, told ${told} times`,
      });
    }
    return [...verdicts, answered("through Envoy", await traffic.stop())];
  },
};

function documents(): readonly object[] {
  const expireTime = new Date(Date.now() + 1_800_000).toISOString();
  const override = { locality: "dc-a", weight: 50, reason: "a switch is changed", by: "ana", expireTime };
  const rules = [{ from: "*", to: { "dc-a": 50, "dc-b": 50 } }];
  return [
    documentOf("Service", "report", { protocol: "GRPC", hosts: ["report"], endpoints: [{ registry: {} }] }),
    documentOf("TrafficSplit", "report", { service: "report", rules, overrides: [override] }),
  ];
}
