import { flagGroup } from "./flag-group.ts";

/** Where this server announces itself. */
export type Announce =
  | { readonly kind: "weir"; readonly url: URL }
  | { readonly kind: "consul"; readonly url: URL }
  | { readonly kind: "nowhere" };

/** As what a server is registered. */
export type Registry = {
  readonly service: string;
  readonly announce: Announce;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly registryLeaseSeconds: number;
};

export const registry = flagGroup(
  [
    { name: "service", default: "report", value: "NAME", help: "the service it registers as" },
    { name: "registry", value: "URL", help: "Weir's API, to register with its registry" },
    { name: "consul", value: "URL", help: "a Consul agent, to register there instead" },
    { name: "weight", default: "100", value: "N", help: "its share among its neighbours" },
    { name: "metadata", default: "", value: "K=V,…", help: "what to register beside that, such as version=v1" },
    {
      name: "registry-lease",
      default: "10s",
      value: "TIME",
      help: "its registration ends so long after the last renewal",
    },
  ],
  (flags): Registry => {
    const [weir, consul] = [flags.url("registry"), flags.url("consul")];
    if (weir && consul) flags.say("consul", "excludes --registry: a server registers in one place");
    const metadata = flags.pairs("metadata");
    if (!metadata) flags.say("metadata", `must be KEY=VALUE,…, not "${flags.get("metadata")}"`);
    return {
      service: flags.matching("service", /^[a-z0-9][a-z0-9.-]*$/, "must be a service name") ?? "",
      announce: weir ? { kind: "weir", url: weir } : consul ? { kind: "consul", url: consul } : { kind: "nowhere" },
      weight: flags.integer("weight", 1, 1_000_000),
      metadata: metadata ?? {},
      registryLeaseSeconds: Math.ceil(flags.time("registry-lease", 1_000) / 1_000),
    };
  },
);
