/** How many connections are open, in all and from each address. */
export type ConnectionCounts = {
  readonly all: number;
  /** Counts one more, unless that is more than may be: then it says of what. 0 is no limit. */
  add(address: string, most: ConnectionCaps): "too-many" | "too-many-of-address" | undefined;
  remove(address: string): void;
};

export type ConnectionCaps = { readonly maxConnections: number; readonly maxConnectionsPerAddress: number };

export function createConnectionCounts(): ConnectionCounts {
  const ofAddress = new Map<string, number>();
  let all = 0;
  return {
    get all() {
      return all;
    },
    add(address, { maxConnections, maxConnectionsPerAddress }) {
      const key = addressKey(address);
      const open = ofAddress.get(key) ?? 0;
      if (maxConnections > 0 && all >= maxConnections) return "too-many";
      if (maxConnectionsPerAddress > 0 && open >= maxConnectionsPerAddress) return "too-many-of-address";
      all += 1;
      ofAddress.set(key, open + 1);
      return undefined;
    },
    remove(address) {
      const key = addressKey(address);
      const open = ofAddress.get(key) ?? 0;
      all -= 1;
      if (open > 1) ofAddress.set(key, open - 1);
      else ofAddress.delete(key);
    },
  };
}

/**
 * Whom an address stands for: `::ffff:10.0.0.1` is 10.0.0.1 on a socket of both families, and of IPv6 the first 64 bits
 * count, because every host may choose the others as it likes (RFC 4291, section 2.5.1).
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("%", 1).join("").split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const groups = after === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
  return groups.slice(0, 4).join(":");
}
