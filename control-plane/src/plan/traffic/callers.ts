import { type Locality, localityText, matchesLocality } from "../../model/locality.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { Split } from "../../model/split.ts";
import type { Viewer } from "../../model/viewer.ts";
import { canCall } from "../../translate/resource-names.ts";
import { loadsOf } from "./loads-of.ts";

/** Callers of a service at one place, of one kind. */
export type Caller = {
  readonly from: Locality;
  readonly flavour: Viewer["flavour"];
  /** Its part of all requests to the service, 0 to 1. */
  readonly part: number;
};

/**
 * What the parts rest on:
 * - `observed`: what clients report of their requests.
 * - `declared`: `expectedRps` of the service's TrafficSplit.
 * - `clients`: every connected client is taken to send as much as any other.
 * - `imagined`: nobody is connected; one caller in each region that has endpoints, all alike.
 */
export type Basis = "observed" | "declared" | "clients" | "imagined";

export type Callers = {
  readonly basis: Basis;
  readonly callers: readonly Caller[];
  /** Requests a second of all of them; undefined where nobody knows. */
  readonly rps: number | undefined;
};

export type ConnectedCaller = { readonly locality: Locality; readonly kind: Viewer["flavour"] };

/** Requests of callers at a place, over the window. */
export type ObservedFrom = { readonly service: string; readonly from: Locality; readonly requests: number };

/** Who calls a service, and how much of it each place and kind of client is. */
export function callersOf(
  spec: ServiceSpec,
  split: Split | undefined,
  {
    clients,
    observed,
    regions,
  }: {
    readonly clients: readonly ConnectedCaller[];
    readonly observed: { readonly windowMs: number; readonly loads: readonly ObservedFrom[] } | undefined;
    /** Those that have endpoints. */
    readonly regions: Iterable<string>;
  },
): Callers {
  const places = placesOf(clients).filter(({ flavour }) => canCall(flavour, spec));
  const able = places.reduce((sum, each) => sum + each.clients, 0);
  const own = loadsOf(observed, spec.name).filter(({ requests }) => requests > 0);
  if (observed && own.length > 0) {
    const rates = [...Map.groupBy(own, ({ from }) => localityText(from)).values()].flatMap((some) => {
      const from = some[0]?.from;
      const requests = some.reduce((sum, each) => sum + each.requests, 0);
      return from ? [{ from, rps: (1000 * requests) / observed.windowMs }] : [];
    });
    return sharedOut("observed", rates, places);
  }
  const rates = (split?.expectedRps ?? []).flatMap(({ from, rps }) => {
    // Whoever is told of is somewhere: where clients are, as far as they are there, else at the place itself.
    const there = places.filter((place) => matchesLocality(from, place.from));
    const at = there.length > 0 ? there.map((place) => place.from) : [placeOf(from)];
    const distinct = [...new Map(at.map((each) => [localityText(each), each])).values()];
    return distinct.map((each) => ({ from: each, rps: rps / distinct.length }));
  });
  if (rates.length > 0) return sharedOut("declared", rates, places);
  if (places.length > 0) {
    const callers = places.map(({ from, flavour, clients: there }) => ({ from, flavour, part: there / able }));
    return { basis: "clients", callers, rps: undefined };
  }
  const imagined = [...new Set(regions)].sort().map((region) => ({ region, zone: "", subZone: "" }));
  const flavour = spec.protocol === "tcp" ? "grpc" : "envoy";
  const callers = imagined.map((from): Caller => ({ from, flavour, part: 1 / imagined.length }));
  return { basis: "imagined", callers, rps: undefined };
}

type Place = { readonly from: Locality; readonly flavour: Viewer["flavour"]; readonly clients: number };

const placesOfClients = new WeakMap<readonly ConnectedCaller[], readonly Place[]>();

/** Where clients are, and how many of each kind; found once for all services. */
function placesOf(clients: readonly ConnectedCaller[]): readonly Place[] {
  const known = placesOfClients.get(clients);
  if (known) return known;
  const groups = Map.groupBy(clients, ({ kind, locality }) => `${kind} ${localityText(locality)}`);
  const places = [...groups.values()].flatMap((some) =>
    some[0] ? [{ from: some[0].locality, flavour: some[0].kind, clients: some.length }] : [],
  );
  placesOfClients.set(clients, places);
  return places;
}

/** What comes from a place is shared out among the kinds of clients there by how many of each there are. */
function sharedOut(
  basis: Basis,
  rates: readonly { readonly from: Locality; readonly rps: number }[],
  places: readonly Place[],
): Callers {
  const total = rates.reduce((sum, { rps }) => sum + rps, 0);
  const callers = rates.flatMap(({ from, rps }): readonly Caller[] => {
    const here = places.filter((place) => localityText(place.from) === localityText(from));
    const clients = here.reduce((sum, each) => sum + each.clients, 0);
    if (clients === 0) return [{ from, flavour: "envoy", part: rps / total }];
    return here.map((each) => ({ from, flavour: each.flavour, part: (rps / total) * (each.clients / clients) }));
  });
  return { basis, callers, rps: total };
}

function placeOf({
  region = "",
  zone = "",
  subZone = "",
}: Partial<Record<keyof Locality, string | undefined>>): Locality {
  return { region, zone, subZone };
}
