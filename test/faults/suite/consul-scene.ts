import { type Backend, startBackend } from "../../kit/backend.ts";
import { type Consul, startConsul } from "../../kit/consul.ts";
import { reportFromConsul } from "../../kit/documents.ts";
import { type Load, startLoad } from "../../kit/grpc-load.ts";
import { startTamperingProxy, type TamperingProxy } from "../../kit/tampering-proxy.ts";
import { startEdge } from "../../kit/three-data-centers.ts";
import { until } from "../../kit/wait.ts";
import { startWeir, type Weir } from "../../kit/weir.ts";
import { type Holder, startHolder } from "./holder.ts";

/** A service of so many instances in one Consul, behind a proxy that can lie; Weir, an Envoy edge, and a client that writes down what it holds. */
export type ConsulScene = AsyncDisposable & {
  readonly consul: Consul;
  readonly proxy: TamperingProxy;
  readonly weir: Weir;
  readonly throughEdge: Load;
  readonly holder: Holder;
  readonly backends: readonly Backend[];
  /** Waits until the holder holds all instances. */
  whole(within: number, what: string): Promise<void>;
  /** The fewest endpoints and the most that were held since there were so many holdings. */
  heldSince(holdings: number): { readonly fewest: number; readonly most: number };
};

export async function startConsulScene({
  instances = 10,
  weirArgs = [],
}: {
  readonly instances?: number;
  readonly weirArgs?: readonly string[];
} = {}): Promise<ConsulScene> {
  await using started = new AsyncDisposableStack();
  const consul = started.use(await startConsul({ datacenters: ["dc-a"] }));
  const backends: Backend[] = [];
  for (let index = 0; index < instances; index += 1)
    backends.push(started.use(await startBackend({ id: `r${index}`, datacenter: "dc-a" })));
  for (const backend of backends) await registerBackend(consul, backend);
  const proxy = started.use(await startTamperingProxy(consul.url("dc-a")));
  const args = ["--consul", `dc-a=${proxy.url}`, ...weirArgs];
  const weir = started.use(await startWeir({ documents: { "report.yaml": reportFromConsul }, args }));
  const edge = started.use(await startEdge(weir));
  const throughEdge = started.use(startLoad({ target: await edge.listener("edge"), authority: "report" }));
  const holder = started.use(startHolder({ xds: () => weir.xds }));
  const whole = async (within: number, what: string) => {
    await until(() => holder.holds("report")?.endpoints === instances, { within, what });
  };
  await whole(10_000, "all instances are known");
  const running = started.move();
  return {
    ...{ consul, proxy, weir, throughEdge, holder, backends, whole },
    heldSince(holdings) {
      const held = holder.holdings.slice(holdings).map(({ endpoints }) => endpoints);
      return { fewest: Math.min(instances, ...held), most: Math.max(instances, ...held) };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Registers it as a passing instance, which it stays when the agent is restarted. */
export async function registerBackend(consul: Consul, { id, port }: Pick<Backend, "id" | "port">): Promise<void> {
  await consul.register("dc-a", { service: "report", id, address: "127.0.0.1", port, meta: { zone: "z1" } });
  await consul.setCheck("dc-a", id, "passing");
}
