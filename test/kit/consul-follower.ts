import { createLatest } from "../../control-plane/src/lib/latest.ts";
import { parseServiceName, type ServiceName } from "../../control-plane/src/model/names.ts";
import { addressText, type EndpointOrigin, type ServiceSpec } from "../../control-plane/src/model/service.ts";
import type { ConsulDatacenter } from "../../control-plane/src/sources/consul/consul-datacenter.ts";
import type { ConsulLimits } from "../../control-plane/src/sources/consul/consul-limits.ts";
import { createConsulSource } from "../../control-plane/src/sources/consul/consul-source.ts";
import { demandOf } from "../../control-plane/src/sources/demand.ts";
import type { Feed, FeedKey, FeedState, SourceNote } from "../../control-plane/src/sources/feed.ts";
import { followFeeds } from "../../control-plane/src/sources/follow-feeds.ts";
import { merge, nothingMerged } from "../../control-plane/src/sources/merge.ts";
import { overviewOf } from "../../control-plane/src/sources/overview.ts";
import { until } from "./wait.ts";

/** Follows services of Consul as a control plane does, without the rest of one. */
export type ConsulFollower = AsyncDisposable & {
  readonly notes: readonly SourceNote[];
  /** `10.2.0.1:9090 serving`, sorted by address. */
  endpoints(service: string): readonly string[];
  /** Waits until these are the service's endpoints. */
  sees(service: string, expected: readonly string[], within?: number): Promise<void>;
  /** The state of the service's only feed. */
  state(service: string): FeedState | undefined;
  /** What `weir sources` would show of a data center. */
  source(datacenter: string): ReturnType<typeof overviewOf>[number] | undefined;
};

type Asked = Partial<ConsulDatacenter> & Pick<ConsulDatacenter, "name" | "addresses">;

export function followConsul({
  datacenters,
  services,
  tags = [],
  limits = {},
}: {
  readonly datacenters: readonly Asked[];
  readonly services: readonly string[];
  readonly tags?: readonly string[];
  readonly limits?: Partial<ConsulLimits>;
}): ConsulFollower {
  const stop = new AbortController();
  const notes: SourceNote[] = [];
  const observe = (note: SourceNote) => void notes.push(note);
  const source = createConsulSource({
    datacenters: datacenters.map((asked) => ({
      ...{ region: asked.name, datacenter: asked.name, tokenFile: undefined, tls: undefined, stale: true },
      ...asked,
    })),
    observe,
    monotonicMs: () => performance.now(),
    limits: { answerMs: 1_000, ...limits },
  });
  const specs = new Map(services.map((service) => [nameOf(service), specOf(service, tags)]));
  const names = datacenters.map(({ name }) => name);
  const wanted = demandOf(specs, { consul: names, kubernetes: [] });
  const states = followFeeds(
    {
      demand: createLatest<ReadonlyMap<FeedKey, Feed>>(wanted.feeds),
      watch: { file: nothing, registry: nothing, kubernetes: nothing, consul: source.watch },
      observe,
      now: () => new Date(),
    },
    stop.signal,
  );
  const known = () => states.current() ?? new Map();
  const follower: ConsulFollower = {
    notes,
    endpoints: (service) =>
      (merge(nothingMerged, specs, wanted, known()).catalog.get(nameOf(service))?.endpoints ?? []).map(
        ({ address, health }) => `${addressText(address)} ${health}`,
      ),
    async sees(service, expected, within = 5_000) {
      const what = `the endpoints of ${service} are ${expected.join(", ")}`;
      const seen = () => follower.endpoints(service);
      await until(() => seen().join() === expected.join(), { within, what, everyMs: 5 }).catch((cause) => {
        throw new Error(`${what}; they are ${seen().join(", ")}`, { cause });
      });
    },
    state: (service) =>
      [...known().values()].find(({ feed }) => feed.kind === "consul" && feed.service === service)?.state,
    source: (datacenter) => overviewOf(known()).find((one) => one.source === `consul/${datacenter}`),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await source[Symbol.asyncDispose]();
    },
  };
  return follower;
}

function nameOf(service: string): ServiceName {
  const name = parseServiceName(service);
  if (!name) throw new Error(`${service} is no name of a service`);
  return name;
}

function specOf(service: string, tags: readonly string[]): ServiceSpec {
  const origin: EndpointOrigin = { kind: "consul", service, tags, datacenters: [], passingOnly: true };
  return {
    ...{ name: nameOf(service), protocol: "grpc", hosts: [service], origins: [origin] },
    localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
    subsets: [],
    capacity: undefined,
  };
}

async function* nothing(): AsyncGenerator<never> {}
