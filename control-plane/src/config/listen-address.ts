import { isIP, SocketAddress } from "node:net";

/** Where a server listens. Port 0 lets the system choose a free one. */
export type ListenAddress = { readonly host: string; readonly port: number };

export const listenAddressRule =
  'address:port like "127.0.0.1:18000", "[::1]:18000" or "localhost:18000" (port 0 chooses a free one)';

/** `127.0.0.1:18000`, `[::1]:18000` or `localhost:18000`; names other than localhost are not looked up. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const host = hostOf(match[1] ?? match[2] ?? "", match[1] === undefined ? 4 : 6);
  const port = Number(match[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

export function listenAddressText({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Can only this machine reach it? */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === "::1" || /^127\./.test(host);
}

function hostOf(text: string, family: 4 | 6): string | undefined {
  // What `localhost` stands for is up to the hosts file; a listener that must not leave the machine does not ask it.
  if (text === "localhost") return "127.0.0.1";
  if (text.includes("%") || isIP(text) !== family) return undefined;
  return new SocketAddress({ address: text, family: family === 4 ? "ipv4" : "ipv6" }).address;
}
