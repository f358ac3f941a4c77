import { documentOf } from "../../kit/documents.ts";
import { type EndpointWord, endpointWords, type RouteRule, type Situation } from "./situation.ts";

/** Addresses (`host:port`) of back ends that answer, that answer every request with an error, and that nobody listens at. */
export type Addresses = {
  readonly answering: readonly string[];
  readonly erring: readonly string[];
  readonly gone: readonly string[];
};

export type PlacedEndpoint = EndpointWord & { readonly address: string };

/** The endpoints of a situation, each with an address of its own. */
export function placed(situation: Situation, addresses: Addresses): readonly PlacedEndpoint[] {
  const used = { answering: 0, erring: 0, gone: 0 };
  return endpointWords(situation).map((each) => {
    const kind = each.word === "erring" || each.word === "gone" ? each.word : "answering";
    const address = addresses[kind][used[kind]];
    used[kind] += 1;
    if (address === undefined) throw new Error(`"${situation.name}" needs more ${kind} back ends than there are`);
    return { ...each, address };
  });
}

const health = {
  ok: "serving",
  weak: "degraded",
  leaving: "draining",
  failing: "failing",
  erring: "serving",
  gone: "serving",
} as const;

/** The documents that make a service of this name to be in the situation. */
export function documentsOf(service: string, situation: Situation, endpoints: readonly PlacedEndpoint[]) {
  const { to, failover = [], overrides = [], policy = {}, rules } = situation;
  const entries = endpoints.map(({ address, locality, weight, word, version }) => ({
    address,
    locality,
    weight,
    health: health[word],
    ...(version !== undefined && { metadata: { version } }),
  }));
  const expireTime = new Date(Date.now() + 3_600_000).toISOString();
  const exceptions = overrides.map((each) => ({ ...each, reason: "as the situation asks", by: "test", expireTime }));
  const rule = { from: "*", ...(to ? { to } : { prefer: "nearest" }), ...(failover.length > 0 && { failover }) };
  const own = (each: RouteRule) => ({
    ...each,
    backendRefs: each.backendRefs.map((backend) => ({ service, ...backend })),
  });
  return [
    documentOf("Service", service, { endpoints: [{ static: entries }], ...situation.service }),
    documentOf("TrafficSplit", service, { service, rules: [rule], overrides: exceptions, ...situation.split }),
    // A retry would hide where the first try went.
    documentOf("TrafficPolicy", service, { targetRefs: [{ name: service }], ...policy, retry: { attempts: 0 } }),
    ...(rules ? [documentOf("Route", service, { rules: rules.map(own) })] : []),
  ];
}
