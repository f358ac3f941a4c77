import { windowUpdate } from "./frames.ts";
import { connectHttp2, type RawClient, type Target } from "./raw-client.ts";

/** Something that no honest client does. */
export type Attack = {
  /** What is done, as the table has it. */
  readonly name: string;
  /** How often, in `npm test`; the amplification table is made with more. */
  readonly count: number;
  readonly heavyCount?: number;
  /** Does it, and leaves the connections open. Ends early when the server has closed them. */
  run(target: Target, count: number): Promise<readonly RawClient[]>;
};

const widest = 0x7fff_ffff;

async function connectWide(target: Target): Promise<RawClient> {
  const client = await connectHttp2(target, { 4: widest });
  await client.send(windowUpdate(0, widest - 65_535));
  return client;
}

/** So many connections that have greeted. */
export async function connections(target: Target, count: number): Promise<readonly RawClient[]> {
  const all: RawClient[] = [];
  while (all.length < count) {
    const batch = Array.from({ length: Math.min(100, count - all.length) }, () => connectWide(target));
    all.push(...(await Promise.all(batch)));
  }
  return all;
}

/** What is done over one connection alone. */
export function overOne(attack: (client: RawClient, count: number) => Promise<void>): Attack["run"] {
  return async (target, count) => {
    const clients = await connections(target, 1);
    for (const client of clients) await attack(client, count);
    return clients;
  };
}

/** One connection that sends so many pieces, until the server has enough. */
export async function sendAll(client: RawClient, count: number, piece: (index: number) => Uint8Array): Promise<void> {
  for (let index = 0; index < count; index++) if (!(await client.send(piece(index)))) return;
}

/** As `sendAll`, many pieces in one write. */
export async function sendBatches(
  client: RawClient,
  count: number,
  piece: (index: number) => Uint8Array,
  batch = 100,
): Promise<void> {
  for (let index = 0; index < count; index += batch) {
    const size = Math.min(batch, count - index);
    const bytes = Buffer.concat(Array.from({ length: size }, (_, offset) => piece(index + offset)));
    if (!(await client.send(bytes))) return;
    // Otherwise what the server says, and its end, would not be noticed in between.
    await new Promise(setImmediate);
  }
}
