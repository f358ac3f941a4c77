import { type Parsed, type Problem, parsed, problemText, refused } from "../../lib/parsed.ts";
import { addressOf, defaultWeight, parseMetadata } from "../../model/endpoint-entry.ts";
import { type Locality, parseLocality } from "../../model/locality.ts";
import { parseEndpointId, type SourceName } from "../../model/names.ts";
import { addressText, type Endpoint, type Health, type KubernetesService } from "../../model/service.ts";
import type { Conditions, Slice, SliceEndpoint } from "./slice.ts";

/** Where a node is, by its labels. */
export type NodePlace = { readonly region: string | undefined; readonly zone: string | undefined };
export type NodePlaces = ReadonlyMap<string, NodePlace>;

/** How the slices of a Service are to be read. */
export type SliceReading = Pick<KubernetesService, "port" | "addressType" | "readyOnly"> & {
  readonly source: SourceName;
  /** The region of endpoints whose node does not tell another one. */
  readonly region: string;
  /** Undefined: nodes are not asked. */
  readonly nodes: NodePlaces | undefined;
};

type Note = (says: string) => void;

/**
 * The endpoints of a Service. What makes none is skipped and named; slices of which nothing can be used are refused as a whole,
 * so that they are never taken for "there is nothing".
 */
export function endpointsOfSlices(
  slices: readonly Slice[],
  reading: SliceReading,
): Parsed<{ readonly endpoints: readonly Endpoint[]; readonly skipped: readonly Problem[] }> {
  const byAddress = new Map<string, Endpoint>();
  const skipped: Problem[] = [];
  let usable = 0;
  for (const slice of slices) {
    const at = `endpointSlice ${slice.name}`;
    for (const says of slice.unreadable) skipped.push({ at, says });
    if (slice.unreadable.length > 0 || !isOfFamily(slice, slices, reading)) continue;
    if (slice.endpoints.length === 0) {
      usable++;
      continue;
    }
    const port = portOf(slice, reading.port);
    if (!port.ok) {
      skipped.push(...port.problems.map(({ says }) => ({ at, says })));
      continue;
    }
    const metadata = metadataOf(slice);
    for (const each of slice.endpoints) {
      const where = each.pod ? `pod ${each.pod}` : `${at} ${each.address}`;
      const endpoint = endpointOf(each, port.value, metadata, reading, (says) => skipped.push({ at: where, says }));
      if (!endpoint) continue;
      usable++;
      if (reading.readyOnly && endpoint.health === "failing") continue;
      // An endpoint that is moved from one slice to another stands in both for a moment.
      const address = addressText(endpoint.address);
      const other = byAddress.get(address);
      if (!other || healthRank[endpoint.health] < healthRank[other.health]) byAddress.set(address, endpoint);
    }
  }
  if (usable === 0 && skipped.length > 0)
    return refused({ at: "", says: `nothing of it can be used: ${skipped.slice(0, 5).map(problemText).join("; ")}` });
  return parsed({ endpoints: [...byAddress.values()], skipped });
}

const healthRank = { serving: 0, degraded: 1, draining: 2, failing: 3 } as const satisfies Record<Health, number>;

/**
 * A dual-stack Service has slices of both families with the same pods: only one of them is meant, or each pod would count
 * twice. The family is that of the whole Service, since a caller that reaches one IPv6 address of it reaches them all.
 */
function isOfFamily({ addressType }: Slice, all: readonly Slice[], { addressType: wanted }: SliceReading): boolean {
  if (wanted !== undefined) return addressType === wanted;
  if (addressType !== "IPv6") return true;
  return !all.some((slice) => slice.addressType === "IPv4");
}

function portOf({ ports, addressType }: Slice, wanted: string | number | undefined): Parsed<number> {
  const no = (says: string) => refused({ at: "", says });
  const has = ports.map(({ name, port = "any" }) => (name === "" ? `${port}` : `${name} (${port})`)).join(", ");
  if (addressType === "FQDN") return no("has names in place of addresses, and xDS clients resolve none");
  if (typeof wanted === "number") {
    // A headless Service need not tell its ports, and a port that is left open stands for all of them.
    const allowed = ports.length === 0 || ports.some(({ port }) => port === undefined || port === wanted);
    return allowed ? parsed(wanted) : no(`has no TCP port ${wanted} but ${has}`);
  }
  const [only, ...others] = ports;
  const found =
    wanted === undefined ? (others.length === 0 ? only : undefined) : ports.find((each) => each.name === wanted);
  if (found?.port !== undefined) return parsed(found.port);
  if (found || ports.length === 0)
    return no("tells no TCP port: give the port of its pods as kubernetes.port, such as 9090");
  if (wanted !== undefined) return no(`has no TCP port named "${wanted}" but ${has}`);
  return no(`has several ports, ${has}: name one as kubernetes.port`);
}

/** Labels are always metadata, but for how many there may be. */
function metadataOf({ labels }: Slice): Endpoint["metadata"] {
  const all = parseMetadata(Object.fromEntries(Object.entries(labels).slice(0, 64)));
  return all.ok ? all.value : {};
}

function endpointOf(
  each: SliceEndpoint,
  port: number,
  metadata: Endpoint["metadata"],
  reading: SliceReading,
  note: Note,
): Endpoint | undefined {
  const address = addressOf(each.address, port);
  if (!address.ok) {
    for (const { says } of address.problems) note(says);
    return undefined;
  }
  const id = parseEndpointId(each.pod ?? addressText(address.value));
  if (!id) {
    note("is not an id: 1 to 200 visible characters, no spaces");
    return undefined;
  }
  return {
    id,
    address: address.value,
    locality: localityOf(each, reading, note),
    health: healthOf(each.conditions),
    weight: defaultWeight,
    metadata,
    source: reading.source,
  };
}

/**
 * Conditions as the API defines them: `ready` unknown is ready, and is true of pods that are not where the Service publishes
 * addresses that are not ready. What terminates gets nothing new and finishes what it has, whether it still serves or not: a
 * pod that has stopped serving at its end was taken out on purpose, and is no failure that anybody should doubt or make up for.
 */
export function healthOf({ ready = true, terminating = false }: Conditions): Health {
  if (terminating) return "draining";
  return ready ? "serving" : "failing";
}

/**
 * The zone that the slice tells, else the one of its node, else the one zone that it is hinted for. Hints to several zones, or
 * to another than its own, are for kube-proxy: here documents decide who calls where.
 */
function localityOf({ zone, hintedZones, node }: SliceEndpoint, reading: SliceReading, note: Note): Locality {
  const place = node === undefined ? undefined : reading.nodes?.get(node);
  const usable = (what: string, value: string | undefined): string | undefined => {
    if (value === undefined || (parseLocality(value).ok && !value.includes("/"))) return value;
    note(`${what} ${JSON.stringify(value)} cannot name a region or zone: letters, digits, '.', '_' and '-'`);
    return undefined;
  };
  const hinted = hintedZones.length === 1 ? hintedZones[0] : undefined;
  return {
    region: usable("its node's region", place?.region) ?? reading.region,
    zone: usable("its zone", zone ?? place?.zone ?? hinted) ?? "",
    subZone: "",
  };
}
