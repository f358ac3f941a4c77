import { BlockList, isIP, isIPv4 } from "node:net";

/** Whether anything may be sent to an IP address. */
export type IsOpen = (address: string) => boolean;

// Whatever is not everybody's network: https://www.iana.org/assignments/iana-ipv4-special-registry and, of the addresses
// that are given out at all (2000::/3), https://www.iana.org/assignments/iana-ipv6-special-registry. 6to4 and Teredo lead
// to IPv4 addresses of the sender's choice.
const closed4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  ...["224.0.0.0/4", "240.0.0.0/4"],
];
const given6 = ["2000::/3"];
const closed6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/** Open are the addresses of the public internet, and those in `networks` (CIDR). */
export function openAddresses(networks: readonly string[]): IsOpen {
  const [more, not4, global6, not6] = [networks, closed4, given6, closed6].map(listOf);
  return (address) => {
    const family = familyOf(address);
    if (isIP(address) === 0) return false;
    if (more?.check(address, family)) return true;
    if (family === "ipv4") return not4?.check(address, family) === false;
    return global6?.check(address, family) === true && not6?.check(address, family) === false;
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}
