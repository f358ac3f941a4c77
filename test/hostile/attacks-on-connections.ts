import { type Attack, connections } from "./attack.ts";
import { frame, frameType, headers, preface } from "./frames.ts";
import { connectRaw, type RawClient, type Target } from "./raw-client.ts";
import { callHeaders } from "./requests.ts";

async function dialled(target: Target, count: number): Promise<readonly RawClient[]> {
  const all: RawClient[] = [];
  while (all.length < count) {
    const batch = Array.from({ length: Math.min(100, count - all.length) }, () => connectRaw(target));
    all.push(...(await Promise.all(batch)));
  }
  return all;
}

/** Connections that are held without being used. */
export const attacksOnConnections: readonly Attack[] = [
  {
    name: "connections that say nothing",
    count: 1_000,
    heavyCount: 5_000,
    run: dialled,
  },
  {
    name: "connections that stop in the middle of the greeting",
    count: 500,
    heavyCount: 5_000,
    async run(target, count) {
      const all = await dialled(target, count);
      await Promise.all(all.map((client) => client.send(preface.subarray(0, 23))));
      return all;
    },
  },
  {
    name: "connections that speak TLS to a plaintext port",
    count: 500,
    heavyCount: 5_000,
    async run(target, count) {
      const all = await dialled(target, count);
      await Promise.all(all.map((client) => client.send(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]))));
      return all;
    },
  },
  {
    name: "connections that greet and do nothing more",
    count: 1_000,
    heavyCount: 5_000,
    run: connections,
  },
  {
    name: "connections that stop in the middle of a header",
    count: 500,
    heavyCount: 5_000,
    async run(target, count) {
      const all = await connections(target, count);
      const part = frame(frameType.headers, 0, 1, callHeaders());
      await Promise.all(all.map((client) => client.send(part.subarray(0, 20))));
      return all;
    },
  },
  {
    name: "streams on which nothing is asked",
    count: 2_000,
    heavyCount: 5_000,
    async run(target, count) {
      const all = await connections(target, count / 100);
      const calls = Array.from({ length: 100 }, (_, index) => headers(1 + 2 * index, callHeaders()));
      await Promise.all(all.map((client) => client.send(Buffer.concat(calls))));
      return all;
    },
  },
];
