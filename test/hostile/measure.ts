import { setTimeout as delay } from "node:timers/promises";
import { until } from "../kit/wait.ts";
import type { Attack } from "./attack.ts";
import { connectHonest, type HonestClient, isServed } from "./honest-client.ts";
import type { AttackedServer } from "./server.ts";

/** What an attack cost both sides. Bytes of memory are growth, after a collection of garbage. */
export type Measured = {
  readonly name: string;
  readonly count: number;
  readonly bytesIn: number;
  /** While the attacker keeps its connections open; the resident memory of the process, and what V8 holds of it. */
  readonly heldRssBytes: number;
  readonly heldBytes: number;
  /** When they are gone. */
  readonly leftRssBytes: number;
  readonly leftBytes: number;
  /** Of the server, until the attack was over; without what measuring costs. */
  readonly cpuMs: number;
  /** How many of the attacker's connections the server had ended by itself. */
  readonly ended: number;
  readonly connections: number;
  /** How long a change took at most to reach an honest client in the middle of it, and a client that came afterwards. */
  readonly servedMs: number;
  readonly servedAfterwardsMs: number;
};

const patience = { within: 30_000 };

/** Attacks the server while an honest client is connected, and rejects when that one is not served. */
export async function measure(
  server: AttackedServer,
  honest: HonestClient,
  attack: Attack,
  count: number,
): Promise<Measured> {
  const first = await server.stats();
  const before = await server.stats();
  let over = false;
  const running = attack.run(server.target, count).finally(() => {
    over = true;
  });
  let servedMs = 0;
  // Once more when it is over: only then is all of it in the server's hands.
  for (let last = false; !last; await delay(20)) {
    last = over;
    servedMs = Math.max(servedMs, await isServed(honest, server, patience));
  }
  const clients = await running;
  const held = await server.stats();
  const bytesIn = clients.reduce((sum, { socket }) => sum + socket.bytesWritten, 0);
  const ended = clients.filter((client) => client.closed()).length;
  for (const client of clients) client[Symbol.dispose]();
  const left = await until(
    async () => {
      const now = await server.stats();
      return now.sockets <= before.sockets + 1 && now.clients <= before.clients ? now : undefined;
    },
    { within: 15_000, what: `the server notices that the attacker is gone: ${attack.name}`, everyMs: 50 },
  );
  using later = connectHonest(server.target, "later");
  const servedAfterwardsMs = await isServed(later, server, patience);
  const failure = honest.ended();
  if (failure !== undefined) throw new Error(`the honest client's stream ended: ${failure.message}`);
  return {
    ...{ name: attack.name, count, bytesIn, servedMs, servedAfterwardsMs, ended, connections: clients.length },
    heldRssBytes: held.rssBytes - before.rssBytes,
    heldBytes: held.heldBytes - before.heldBytes,
    leftRssBytes: left.rssBytes - before.rssBytes,
    leftBytes: left.heldBytes - before.heldBytes,
    // Asking collects garbage, which costs about as much each time.
    cpuMs: Math.max(0, held.cpuMs - before.cpuMs - (before.cpuMs - first.cpuMs)),
  };
}
