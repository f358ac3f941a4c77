import { setTimeout as delay } from "node:timers/promises";
import { type Backend, startBackend } from "../../../kit/backend.ts";
import { type ConsulCluster, startConsulCluster } from "../../../kit/consul-cluster.ts";
import { reportFromConsul } from "../../../kit/documents.ts";
import { makeFolder } from "../../../kit/folder.ts";
import { startLoad } from "../../../kit/grpc-load.ts";
import { startEdge } from "../../../kit/three-data-centers.ts";
import { until } from "../../../kit/wait.ts";
import { startWeir } from "../../../kit/weir.ts";
import type { Fault, Verdict } from "../fault.ts";
import { startHolder } from "../holder.ts";
import { answered, sendOn } from "../traffic.ts";

const instances = 6;

export const lostConsul: Fault = {
  name: "lost-consul",
  breaks:
    "a Consul of three servers that loses its leader, its quorum, and its data; agents and instances that come and go",
  async run({ random, short, say }) {
    await using consul = await startConsulCluster({ servers: 3 });
    await using started = new AsyncDisposableStack();
    const backends: Backend[] = [];
    for (let index = 0; index < instances; index += 1)
      backends.push(started.use(await startBackend({ id: `r${index}`, datacenter: "dc-a" })));
    const registerAll = () => Promise.all(backends.map((backend) => register(consul, backend)));
    await registerAll();
    await using files = await makeFolder("server");
    const settings = { datacenters: [{ name: "dc-a", consul: { addresses: consul.urls } }] };
    const args = ["--server-config", await files.write("server.yaml", JSON.stringify(settings))];
    await using weir = await startWeir({ documents: { "report.yaml": reportFromConsul }, args });
    await using edge = await startEdge(weir);
    await using load = startLoad({ target: await edge.listener("edge"), authority: "report" });
    using holder = startHolder({ xds: () => weir.xds });
    const whole = (what: string) =>
      until(() => holder.holds("report")?.endpoints === instances, { within: 60_000, what: `all instances, ${what}` });
    await whole("at first");
    await using traffic = sendOn(load);
    const verdicts: Verdict[] = [];

    async function judged(name: string, atLeast: number, happens: () => Promise<void>): Promise<number> {
      const before = holder.holdings.length;
      say(name);
      await happens();
      await whole(`after: ${name}`);
      const held = holder.holdings.slice(before).map(({ endpoints }) => endpoints);
      const fewest = Math.min(instances, ...held);
      const found = `${fewest} of ${instances} the fewest, told ${held.length} times`;
      verdicts.push({ invariant: `${name}: nobody holds fewer than ${atLeast}`, holds: fewest >= atLeast, found });
      return held.length;
    }

    for (let round = 0; round < (short ? 1 : 10); round += 1)
      await judged("the leader is killed", instances, async () => {
        const leader = await consul.leader();
        await consul.kill(leader);
        await consul.leader();
        await delay(random.between(0, 2_000));
        await consul.start(leader);
      });

    await judged("two of three servers are killed", instances, async () => {
      await consul.kill(1);
      await consul.kill(2);
      await delay(short ? 5_000 : 60_000);
      await consul.start(1);
      await consul.start(2);
      await consul.leader();
    });

    await judged("all servers are wiped and start empty", instances, async () => {
      for (const server of [0, 1, 2]) await consul.kill(server);
      for (const server of [0, 1, 2]) await consul.wipe(server);
      await Promise.all([0, 1, 2].map((server) => consul.start(server)));
      await consul.leader();
      await delay(short ? 3_000 : 20_000);
      await registerAll();
    });

    // Half may go at once.
    await judged("an agent deregisters all instances and registers them again", instances / 2, async () => {
      for (const { id } of backends) await consul.deregister({ id });
      await delay(random.between(500, 3_000));
      await registerAll();
    });

    const seconds = short ? 4 : 20;
    const told = await judged("an instance flaps five times a second", instances - 1, async () => {
      const [flapping] = backends;
      for (let change = 0; change < seconds * 10; change += 1) {
        if (flapping === undefined) break;
        if (change % 2 === 0) await consul.deregister(flapping);
        else await register(consul, flapping);
        await delay(100);
      }
    });
    verdicts.push({
      invariant: "a flapping instance is damped",
      holds: told <= seconds * 2 + 4,
      found: `${told} pushes in ${seconds} s for ${seconds * 10} changes`,
    });
    return [...verdicts, answered("through Envoy", await traffic.stop())];
  },
};

async function register(consul: ConsulCluster, { id, port }: Backend): Promise<void> {
  await consul.register({ service: "report", id, address: "127.0.0.1", port, meta: { zone: "z1" } });
}
