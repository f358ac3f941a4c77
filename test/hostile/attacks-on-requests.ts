import { gzipSync } from "node:zlib";
import { type Attack, connections, sendAll } from "./attack.ts";
import { dataFrames, headers, message } from "./frames.ts";
import { connectHttp2, type RawClient, type Target } from "./raw-client.ts";
import { callHeaders, callWith, deltaPath, deltaRequest, field, node, sotwRequest, types, varint } from "./requests.ts";

type Request = { readonly typeUrl: string; readonly resourceNamesSubscribe?: string[] };

/** A connection for each, on which one stream sends these messages. */
async function each(
  target: Target,
  count: number,
  messages: (index: number) => readonly Buffer[],
): Promise<readonly RawClient[]> {
  const all = await connections(target, count);
  await Promise.all(all.map((client, index) => client.send(callWith(1, ...messages(index)))));
  return all;
}

/** One stream that sends many messages after its first. */
async function one(
  target: Target,
  count: number,
  first: Request,
  more: (index: number) => Buffer,
): Promise<readonly RawClient[]> {
  const [client] = await connections(target, 1);
  if (client === undefined) return [];
  await client.send(callWith(1, deltaRequest({ node, ...first })));
  await sendAll(client, count, (index) => dataFrames(1, more(index)));
  return [client];
}

/** google.protobuf.Struct in a Struct in a Struct …, written from the inside out. */
function nestedMetadata(depth: number): Buffer {
  let struct: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++)
    struct = field(1, Buffer.concat([field(1, Buffer.from("a")), field(2, field(5, struct))]));
  return message(field(1, Buffer.concat([field(1, Buffer.from("deep")), field(3, struct)])));
}

function names(count: number, length: number, start = 0): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${start + index}-`.padEnd(length, "n"));
}

const zeros = 64 * 1024 ** 2;

/** gRPC messages that are no xDS requests, or ones of no sensible client. */
export const attacksOnRequests: readonly Attack[] = [
  {
    name: "messages that say they are 4 GiB long",
    count: 100,
    heavyCount: 1_000,
    run: (target, count) => each(target, count, () => [message(Buffer.alloc(100), { says: 0xffff_ffff })]),
  },
  {
    name: "messages that say they are 2 GiB long",
    count: 100,
    heavyCount: 1_000,
    run: (target, count) => each(target, count, () => [message(Buffer.alloc(100), { says: 0x8000_0000 })]),
  },
  {
    name: "messages of 4 MiB of which the last byte never comes",
    count: 4,
    heavyCount: 10,
    run: (target, count) =>
      each(target, count, () => [message(Buffer.alloc(4 * 1024 ** 2 - 1), { says: 4 * 1024 ** 2 })]),
  },
  {
    name: "messages over the limit",
    count: 4,
    heavyCount: 50,
    run: (target, count) => each(target, count, () => [deltaRequest({ node, typeUrl: "a".repeat(5 * 1024 ** 2) })]),
  },
  {
    name: "messages cut short by the end of the stream",
    count: 100,
    heavyCount: 1_000,
    async run(target, count) {
      const all = await connections(target, count);
      const cut = message(Buffer.alloc(10), { says: 100 });
      const call = Buffer.concat([headers(1, callHeaders()), dataFrames(1, cut, { end: true })]);
      await Promise.all(all.map((client) => client.send(call)));
      return all;
    },
  },
  {
    name: "messages that are no protobuf",
    count: 200,
    heavyCount: 5_000,
    run: (target, count) =>
      each(target, count, (index) => [
        message(Buffer.from(Array.from({ length: 50 }, (_, at) => (index * 31 + at * at * 7) % 256))),
      ]),
  },
  {
    name: "messages that say they are gzip and are not",
    count: 100,
    heavyCount: 1_000,
    async run(target, count) {
      const all = await connections(target, count);
      const call = Buffer.concat([
        headers(1, callHeaders(deltaPath, [["grpc-encoding", "gzip"]])),
        dataFrames(1, message(Buffer.from("not gzip"), { compressed: true })),
      ]);
      await Promise.all(all.map((client) => client.send(call)));
      return all;
    },
  },
  {
    name: "64 MiB of zeros in 64 KiB (gzip bomb)",
    count: 10,
    heavyCount: 100,
    async run(target, count) {
      const all = await connections(target, count);
      const call = Buffer.concat([
        headers(1, callHeaders(deltaPath, [["grpc-encoding", "gzip"]])),
        dataFrames(1, message(gzipSync(Buffer.alloc(zeros)), { compressed: true })),
      ]);
      await Promise.all(all.map((client) => client.send(call)));
      return all;
    },
  },
  {
    name: "node metadata of 5 MiB",
    count: 4,
    heavyCount: 50,
    run: (target, count) =>
      each(target, count, () => [deltaRequest({ node: { ...node, metadata: { large: "m".repeat(5 * 1024 ** 2) } } })]),
  },
  {
    name: "node metadata of 3 MiB",
    count: 10,
    heavyCount: 100,
    run: (target, count) =>
      each(target, count, (index) => [
        deltaRequest({
          node: { ...node, id: `hostile-${index}`, metadata: { large: "m".repeat(3 * 1024 ** 2) } },
          typeUrl: types.cluster,
        }),
      ]),
  },
  {
    name: "node metadata of 500 KiB, which are taken",
    count: 10,
    heavyCount: 100,
    run: (target, count) =>
      each(target, count, (index) => [
        deltaRequest({
          node: { ...node, id: `hostile-${index}`, metadata: { large: "m".repeat(500 * 1024) } },
          typeUrl: types.cluster,
        }),
      ]),
  },
  {
    name: "node metadata nested 2,000 deep",
    count: 100,
    heavyCount: 1_000,
    run(target, count) {
      const nested = nestedMetadata(2_000);
      return each(target, count, () => [nested]);
    },
  },
  {
    name: "node metadata nested as deep as is taken",
    count: 100,
    heavyCount: 1_000,
    run(target, count) {
      const nested = nestedMetadata(30);
      return each(target, count, () => [nested]);
    },
  },
  {
    name: "enum values that do not exist",
    count: 50,
    heavyCount: 1_000,
    run: (target, count) =>
      each(target, count, () => [
        deltaRequest({
          node: {
            ...node,
            listeningAddresses: [{ address: { case: "socketAddress", value: { protocol: 999 as never } } }],
          },
          typeUrl: types.cluster,
        }),
        // error_detail { code: 2^31 - 1 }
        message(
          Buffer.concat([
            field(2, Buffer.from(types.cluster)),
            field(7, Buffer.concat([Buffer.of(8), varint(2 ** 31 - 1)])),
          ]),
        ),
      ]),
  },
  {
    name: "type URLs that do not exist, each another",
    count: 5_000,
    heavyCount: 100_000,
    run: (target, count) =>
      one(target, count, { typeUrl: types.cluster }, (index) =>
        deltaRequest({ typeUrl: `t/${index}`.padEnd(1_000, "u") }),
      ),
  },
  {
    name: "a name of 1 MiB",
    count: 5,
    heavyCount: 50,
    run: (target, count) =>
      each(target, count, () => [
        deltaRequest({ node, typeUrl: types.endpoints, resourceNamesSubscribe: ["h".repeat(1024 ** 2)] }),
      ]),
  },
  {
    name: "another name of 900 KiB in each request of one stream",
    count: 100,
    heavyCount: 1_000,
    run: (target, count) =>
      one(target, count, { typeUrl: types.cluster }, (index) =>
        deltaRequest({ typeUrl: types.endpoints, resourceNamesSubscribe: [`${index}`.padEnd(900 * 1_024, "h")] }),
      ),
  },
  {
    name: "10,000 names that do not exist",
    count: 5,
    heavyCount: 50,
    run: (target, count) =>
      each(target, count, (index) => [
        deltaRequest({
          node,
          typeUrl: types.endpoints,
          resourceNamesSubscribe: [...names(10_000, 60, index * 10_000)],
        }),
      ]),
  },
  {
    name: "10,000 other names in each request of one stream",
    count: 20,
    heavyCount: 500,
    run: (target, count) =>
      one(target, count, { typeUrl: types.cluster }, (index) =>
        deltaRequest({
          typeUrl: types.endpoints,
          resourceNamesSubscribe: [...names(10_000, 60, index * 10_000)],
        }),
      ),
  },
  {
    name: "after 10,000 names, one more in each request",
    count: 500,
    heavyCount: 10_000,
    run: (target, count) =>
      one(target, count, { typeUrl: types.endpoints, resourceNamesSubscribe: [...names(10_000, 60)] }, (index) =>
        deltaRequest({ typeUrl: types.endpoints, resourceNamesSubscribe: [`one-more-${index}`] }),
      ),
  },
  {
    name: "the same name asked for again and again",
    count: 2_000,
    heavyCount: 100_000,
    run: (target, count) =>
      one(target, count, { typeUrl: types.cluster }, () =>
        deltaRequest({ typeUrl: types.cluster, resourceNamesSubscribe: ["cluster-00001"] }),
      ),
  },
  {
    name: "10,000 names in each SotW request, each time others",
    count: 100,
    heavyCount: 500,
    async run(target, count) {
      const [client] = await connections(target, 1);
      if (client === undefined) return [];
      const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
      await client.send(headers(1, callHeaders(path)));
      await sendAll(client, count, (index) =>
        dataFrames(
          1,
          sotwRequest({ node, typeUrl: types.endpoints, resourceNames: [...names(10_000, 60, index * 10_000)] }),
        ),
      );
      return [client];
    },
  },
  {
    name: "30,000 versions of what does not exist, of a returning client",
    count: 5,
    heavyCount: 50,
    run: (target, count) =>
      each(target, count, () => [
        deltaRequest({
          node,
          typeUrl: types.endpoints,
          resourceNamesSubscribe: ["*"],
          initialResourceVersions: Object.fromEntries(names(30_000, 20).map((name) => [name, "0123456789abcdef"])),
        }),
      ]),
  },
  {
    name: "rejections in 1 MiB of words",
    count: 20,
    heavyCount: 200,
    run: (target, count) =>
      one(target, count, { typeUrl: types.cluster }, (index) =>
        deltaRequest({
          typeUrl: types.cluster,
          responseNonce: String(index + 1),
          errorDetail: { code: 3, message: "😀".repeat(2 ** 18) },
        }),
      ),
  },
  {
    name: "400 nonces guessed while the window stays shut",
    count: 50,
    heavyCount: 1_000,
    async run(target, count) {
      const wanted: Request = { typeUrl: types.cluster, resourceNamesSubscribe: ["cluster-00000", "cluster-00001"] };
      // As much as fits into the window that the server opens.
      const guesses = Array.from({ length: 400 }, (_, index) =>
        deltaRequest({ ...wanted, responseNonce: String(index + 1) }),
      );
      const call = callWith(1, deltaRequest({ node, ...wanted }), ...guesses);
      const all = await Promise.all(Array.from({ length: count }, () => connectHttp2(target, { 4: 0 })));
      await Promise.all(all.map((client) => client.send(call)));
      return all;
    },
  },
  {
    name: "names that JavaScript knows, and text that cannot be sent back",
    count: 20,
    heavyCount: 100,
    run: (target, count) =>
      each(target, count, () => [
        deltaRequest({
          node,
          typeUrl: types.endpoints,
          resourceNamesSubscribe: ["__proto__", "constructor", "toString", "../../etc/passwd", "%00", "\u0000"],
        }),
        deltaRequest({ typeUrl: "__proto__", initialResourceVersions: { __proto__x: "1", constructor: "2" } }),
        deltaRequest({ typeUrl: `${"x".repeat(79)}😀` }),
      ]),
  },
  {
    name: "a listener address cut in the middle of a character",
    count: 20,
    heavyCount: 100,
    run: (target, count) =>
      each(target, count, () => [
        deltaRequest({ node: { ...node, metadata: { weir: { listen: `${"x".repeat(78)}😀😀` } } } }),
      ]),
  },
];
