import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Free TCP and UDP ports of the loopback address, all different.
 *
 * From below the range that the kernel gives to outgoing connections (32768 and up on Linux): a port out of that range
 * may be taken by a stranger's connection while a part of ours restarts, and a client that retries against a closed one can
 * even connect to itself.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const free = new Set<number>();
  while (free.size < count) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (!free.has(port) && (await isFree(port))) free.add(port);
  }
  return [...free];
}

/** One free port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no free port");
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket("udp4");
  try {
    await Promise.all([
      once(tcp.listen(port, "127.0.0.1"), "listening"),
      once(udp.bind(port, "127.0.0.1"), "listening"),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    tcp.close();
    udp.close();
  }
}
