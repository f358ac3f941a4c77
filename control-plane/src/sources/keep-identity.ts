import { byText } from "../lib/order.ts";
import { addressText, type Endpoint } from "../model/service.ts";

/**
 * The endpoints that were seen, sorted by address and id, with each one that did not change being the object it was before;
 * the very same list when nothing changed at all. Identity is what later stages compare.
 */
export function keepIdentity(before: readonly Endpoint[] | undefined, seen: readonly Endpoint[]): readonly Endpoint[] {
  // Said again, and known to be the same by who saw it.
  if (before === seen) return before;
  const known = new Map(before?.map((endpoint) => [placeOf(endpoint), endpoint]));
  const endpoints = seen
    .map((endpoint) => [placeOf(endpoint), endpoint] as const)
    .sort(([a], [b]) => byText(a, b))
    .map(([place, endpoint]) => {
      const earlier = known.get(place);
      return earlier && sameEndpoint(earlier, endpoint) ? earlier : endpoint;
    });
  if (before && sameList(before, endpoints)) return before;
  // A list that has gone through here before is known by its identity the next time.
  return sameList(seen, endpoints) ? seen : endpoints;
}

function sameList(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

function placeOf(endpoint: Endpoint): string {
  return `${addressText(endpoint.address)} ${endpoint.id}`;
}

/** Equal in every field. Written out rather than compared as JSON: it runs for every endpoint of every answer. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.id === b.id &&
    a.address.host === b.address.host &&
    a.address.port === b.address.port &&
    a.locality.region === b.locality.region &&
    a.locality.zone === b.locality.zone &&
    a.locality.subZone === b.locality.subZone &&
    a.health === b.health &&
    a.weight === b.weight &&
    a.source === b.source &&
    sameRecord(a.metadata, b.metadata)
  );
}

function sameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
