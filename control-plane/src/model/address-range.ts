import { BlockList, isIP } from "node:net";
import { type Parsed, parsed, refused } from "../lib/parsed.ts";

/** `10.0.0.0/8`, `fd00::/8`; a single address is a range of one. */
export type AddressRange = { readonly host: string; readonly prefix: number; readonly family: "ipv4" | "ipv6" };

export const anywhere: readonly AddressRange[] = addressRanges("0.0.0.0/0", "::/0");
export const loopbackRanges: readonly AddressRange[] = addressRanges("127.0.0.0/8", "::1/128");

export function parseAddressRange(text: string): Parsed<AddressRange> {
  const [host = "", given, ...more] = text.split("/");
  const version = host.includes("%") ? 0 : isIP(host);
  const most = version === 6 ? 128 : 32;
  const prefix = given === undefined ? most : /^\d{1,3}$/.test(given) ? Number(given) : most + 1;
  if (version === 0 || prefix > most || more.length > 0)
    return refused({
      at: "",
      says: `expected a range of addresses like "10.0.0.0/8" or "fd00::/8", got ${JSON.stringify(text)}`,
    });
  return parsed({ host, prefix, family: version === 6 ? "ipv6" : "ipv4" });
}

export function rangeText({ host, prefix }: AddressRange): string {
  return `${host}/${prefix}`;
}

/** For ranges that stand in the code. */
export function addressRanges(...texts: readonly string[]): readonly AddressRange[] {
  return texts.map((text) => {
    const range = parseAddressRange(text);
    if (!range.ok) throw new Error(`${text} is no range of addresses`);
    return range.value;
  });
}

/** Is an address in any of these ranges? An IPv4 address that is written as IPv6 is in the ranges of IPv4. */
export function inRanges(all: readonly AddressRange[]): (host: string) => boolean {
  const list = new BlockList();
  for (const { host, prefix, family } of all) list.addSubnet(host, prefix, family);
  const all4 = all.some(({ prefix, family }) => prefix === 0 && family === "ipv4");
  return (host) => {
    const isVersion6 = host.includes(":");
    return (all4 && !isVersion6) || list.check(host, isVersion6 ? "ipv6" : "ipv4");
  };
}
