import { type AddressRange, addressRanges, inRanges, loopbackRanges } from "../../model/address-range.ts";
import { addressText, type Endpoint } from "../../model/service.ts";

/** Why an address may not be sent to clients, in words; undefined: it may. */
export type AddressRule = (address: Endpoint["address"]) => string | undefined;

type Special = { readonly name: string; readonly ranges: readonly AddressRange[] };

// RFC 6890 and 4291. The metadata services of the clouds answer whoever asks with credentials of the machine: an endpoint
// there makes every client a way to them (CVE-2022-29153 was that, through Consul's health checks).
const specials: readonly Special[] = [
  { name: "a cloud's metadata service", ranges: addressRanges("169.254.169.254/32", "fd00:ec2::254/128") },
  { name: "a link-local address", ranges: addressRanges("169.254.0.0/16", "fe80::/10") },
  { name: "a loopback address", ranges: loopbackRanges },
  {
    name: "a multicast or broadcast address",
    ranges: addressRanges("224.0.0.0/4", "255.255.255.255/32", "ff00::/8"),
  },
];

/**
 * What lies in none of the allowed ranges is refused. What a cloud's metadata service, link-local, loopback and multicast
 * addresses are is allowed only by a range that lies inside these: `0.0.0.0/0` does not mean them.
 */
export function addressRule(allowed: readonly AddressRange[]): AddressRule {
  const isAllowed = inRanges(allowed);
  const isSpecial = inRanges(specials.flatMap(({ ranges }) => ranges));
  const rules = specials.map(({ name, ranges }) => ({
    name,
    isThis: inRanges(ranges),
    isMeant: inRanges(allowed.filter((range) => ranges.some((each) => covers(each, range)))),
  }));
  return ({ host }) => {
    // It runs for every endpoint of every answer: nearly all are settled by these two.
    if (!isSpecial(host)) return isAllowed(host) ? undefined : "is in none of the ranges of guard.allow";
    const special = rules.find(({ isThis }) => isThis(host));
    return special === undefined || special.isMeant(host) ? undefined : `is ${special.name}`;
  };
}

/** `127.0.0.1:9001 is a loopback address: …`, with what to do. */
export function refusedText(address: Endpoint["address"], why: string): string {
  const range = `${address.host}/${address.host.includes(":") ? 128 : 32}`;
  return `${addressText(address)} ${why}: no client is sent there; correct it at its source, or allow it with guard.allow (a range like ${range})`;
}

function covers(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.prefix <= inner.prefix && inRanges([outer])(inner.host);
}
