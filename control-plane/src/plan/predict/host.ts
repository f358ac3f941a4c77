import type { Locality } from "../../model/locality.ts";

/** An endpoint as a client's load balancer has it. */
export type Host = {
  /** `host:port`. */
  readonly address: string;
  readonly weight: number;
  readonly state: "healthy" | "degraded" | "unusable";
  /** Whether the client is given it at all: gRPC leaves out what is not healthy (gRFC A27). */
  readonly isGiven: boolean;
  /** Whether a request that gets there fails. */
  readonly fails: boolean;
};

export type HostLocality = { readonly locality: Locality; readonly weight: number; readonly hosts: readonly Host[] };

/** The localities of one priority; an empty one where numbers are left out. */
export type Level = readonly HostLocality[];

/** A part of the requests that goes to a host; `place` is its locality's in the level. */
export type Part = { readonly place: number; readonly host: Host; readonly share: number };

/** A part of all requests; `level` is the host's priority. */
export type HostShare = Part & { readonly level: number };

/** What a client's load balancer makes of its hosts. */
export type Balance = {
  /** By priority. */
  readonly loads: readonly number[];
  readonly panics: readonly boolean[];
  readonly hosts: readonly HostShare[];
};

export function hostsOf(level: Level): readonly Host[] {
  return level.flatMap(({ hosts }) => hosts);
}

export function byWeight(hosts: readonly Omit<Part, "share">[]): readonly Part[] {
  const total = hosts.reduce((sum, { host }) => sum + host.weight, 0);
  return hosts.map((each) => ({ ...each, share: each.host.weight / total }));
}
