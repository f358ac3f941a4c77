import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

// Below the range that the kernel gives to outgoing connections (32768 and up on Linux): a port out of that range may be taken
// by a stranger's connection while a part of ours restarts, and a client that retries against a closed one can even connect
// to itself.
const firstPort = 15_000;
const blockPorts = 100;
const blocks = 170;

/** What this process may give out, and where it has got to. */
let own: { readonly from: number; next: number } | undefined;
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Free TCP and UDP ports of the loopback address, all different, which no other process of tests is given while this one
 * lives: a part that restarts finds its port as it left it.
 */
export function freePorts(count: number): Promise<readonly number[]> {
  const turn = lastTurn.then(() => take(count));
  lastTurn = turn.catch(() => undefined);
  return turn;
}

async function take(count: number): Promise<readonly number[]> {
  const free: number[] = [];
  while (free.length < count) {
    if (!own || own.next === own.from + blockPorts) own = await reserveBlock();
    const port = own.next;
    own.next += 1;
    if (await isFree(port)) free.push(port);
  }
  return free;
}

/** A block is reserved by who listens at its first port, until that process ends. */
async function reserveBlock(): Promise<{ readonly from: number; next: number }> {
  const start = Math.floor(Math.random() * blocks);
  for (let turn = 0; turn < blocks; turn += 1) {
    const from = firstPort + ((start + turn) % blocks) * blockPorts;
    const lock = createServer();
    try {
      await once(lock.listen(from, "127.0.0.1"), "listening");
      lock.unref();
      return { from, next: from + 1 };
    } catch {
      lock.close();
    }
  }
  throw new Error(`all ${blocks} blocks of ports are reserved by other processes`);
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
