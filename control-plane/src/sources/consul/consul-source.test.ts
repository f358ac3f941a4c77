import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ConsulFeed, Sighting, SourceNote } from "../feed.ts";
import { sourceName } from "../testing.ts";
import type { ConsulLimits } from "./consul-limits.ts";
import { createConsulSource } from "./consul-source.ts";

const recorded = readFileSync(new URL("../../../testdata/sources/consul-health.json", import.meta.url), "utf8");

type Reply = (response: ServerResponse, request: IncomingMessage) => void;
const answer =
  (index: number, body = recorded, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) =>
    response
      .writeHead(200, { "content-type": "application/json", "x-consul-index": String(index), ...headers })
      .end(body);
const hang: Reply = () => {};
const fail =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) =>
    response.writeHead(status, { "content-type": "text/plain", ...headers }).end(text);
const breakOff: Reply = (response) => {
  response.writeHead(200, { "content-type": "application/json", "x-consul-index": "10", "content-length": "99999" });
  response.write(recorded.slice(0, 500), () => response.destroy());
};

/** A server that gives these replies, one to each query, and the last one from then on; and a watch of it. */
async function watching(
  replies: readonly Reply[],
  { limits = {}, tokenFile }: { readonly limits?: Partial<ConsulLimits>; readonly tokenFile?: string } = {},
) {
  const queries: URL[] = [];
  const tokens: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const reply = replies[Math.min(queries.length, replies.length - 1)] ?? hang;
    queries.push(new URL(request.url ?? "", "http://consul"));
    tokens.push(request.headers["x-consul-token"]?.toString());
    reply(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const notes: SourceNote[] = [];
  const source = createConsulSource({
    datacenters: [
      {
        ...{ name: "dc-a", region: "eu-west", datacenter: "dc-a", tls: undefined, stale: true, tokenFile },
        addresses: [`http://127.0.0.1:${port}`],
      },
    ],
    observe: (note) => notes.push(note),
    monotonicMs: () => performance.now(),
    limits: {
      waitMs: 100,
      answerMs: 10_000,
      fileMs: 0,
      backoff: { baseMs: 1, maxMs: 2 },
      rate: { burst: 100, everyMs: 1 },
      ...limits,
    },
  });
  const feed: ConsulFeed = {
    kind: "consul",
    key: "consul/dc-a/report",
    source: sourceName("consul/dc-a"),
    datacenter: "dc-a",
    service: "report",
    tags: [],
    passingOnly: true,
    localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
  };
  const stop = new AbortController();
  const sightings = source.watch(feed, stop.signal)[Symbol.asyncIterator]();
  return {
    queries,
    tokens,
    notes,
    stop,
    async next(): Promise<Sighting> {
      const { value, done } = await sightings.next();
      if (done) throw new Error("the watch has ended");
      return value;
    },
    ended: async () => (await sightings.next()).done === true,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await source[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const indexes = (queries: readonly URL[]) => queries.map(({ searchParams }) => searchParams.get("index"));
const causeOf = (sighting: Sighting) => (sighting.kind === "failed" ? sighting.cause.message : "seen");

test("it asks the named data center, first without waiting, then from the index that was answered", async () => {
  await using it = await watching([answer(10), answer(11), hang]);
  const first = await it.next();
  assert.equal(first.kind === "seen" && first.endpoints.length, 5);
  await it.next();
  void it.next().catch(() => {});
  while (it.queries.length < 3) await new Promise(setImmediate);
  assert.deepEqual(indexes(it.queries), ["0", "10", "11"]);
  assert.equal(it.queries[1]?.pathname, "/v1/health/service/report");
  assert.equal(it.queries[1]?.searchParams.get("dc"), "dc-a");
  assert.equal(it.queries[1]?.searchParams.get("wait"), "100ms");
});

test("an index that goes backwards is told, and the next query does not wait", async () => {
  await using it = await watching([answer(10), answer(7), answer(7)]);
  for (let turn = 0; turn < 3; turn++) await it.next();
  // Which of both it is, a server that lags or data that was lost, the leader is asked.
  assert.deepEqual(indexes(it.queries), ["0", "10", "0", "0"]);
  assert.deepEqual(
    it.queries.map(({ searchParams }) => searchParams.has("consistent")),
    [false, false, true, false],
  );
  assert.deepEqual(
    it.notes.map((note) => note.kind === "source-rewound" && `${note.from} -> ${note.to}`),
    ["10 -> 7"],
  );
});

for (const [title, reply, says] of [
  ["an answer that breaks off", breakOff, /the answer broke off/],
  ["an answer that is cut JSON", answer(10, recorded.slice(0, 500)), /no whole JSON/],
  ["an answer that is no JSON", answer(10, "<html>", { "content-type": "text/html" }), /no whole JSON/],
  ["an answer without an index", fail(200, "[]", { "content-type": "application/json" }), /no X-Consul-Index/],
  ["a 500 with Consul's reason", fail(500, "No path to datacenter"), /500: No path to datacenter/],
  ["a rate limit", fail(429, "Your IP is issuing too many concurrent connections"), /429: Your IP/],
  ["a redirect, which is not followed", fail(302, "", { location: "http://127.0.0.1:1/" }), /302/],
  ["a server without a leader", answer(10, "[]", { "x-consul-knownleader": "false" }), /knows no leader/],
  ["a server long cut off from its leader", answer(10, "[]", { "x-consul-lastcontact": "70000" }), /70000 ms/],
  ["an answer of another data center", answer(10, recorded.replaceAll('"dc-a"', '"dc-b"')), /"dc-b"/],
  ["a server that does not answer", hang, /no answer within \d+ ms/],
  ["an answer that is too long", answer(10, `["${"x".repeat(70_000)}"]`), /longer than 60000 bytes/],
] as const) {
  test(`${title} is a failure, after which the answer is wanted at once`, async () => {
    const answerMs = reply === hang ? 500 : 10_000;
    await using it = await watching([answer(10), reply, answer(10)], { limits: { answerBytes: 60_000, answerMs } });
    assert.equal((await it.next()).kind, "seen");
    assert.match(causeOf(await it.next()), says);
    assert.equal((await it.next()).kind, "seen");
    assert.deepEqual(indexes(it.queries), ["0", "10", "0"]);
  });
}

test("nothing listening is a failure that names the address", async () => {
  await using it = await watching([(_response, request) => request.socket.destroy()]);
  assert.match(causeOf(await it.next()), /consul dc-a \(http:\/\/127\.0\.0\.1:\d+\): no health of "report": /);
});

test("an address that accepts no connection is given up after the connect limit", async () => {
  // 192.0.2.0/24 is set apart for documentation (RFC 5737): nothing answers there.
  const source = createConsulSource({
    datacenters: [
      {
        ...{ name: "x", region: "x", datacenter: "x", tls: undefined, stale: true, tokenFile: undefined },
        addresses: ["http://192.0.2.1:8500"],
      },
    ],
    observe: () => {},
    monotonicMs: () => performance.now(),
    limits: { connectMs: 20 },
  });
  const stop = new AbortController();
  const feed: ConsulFeed = {
    kind: "consul",
    key: "consul/x/report",
    source: sourceName("consul/x"),
    datacenter: "x",
    service: "report",
    tags: [],
    passingOnly: true,
    localityRules: { regionFrom: "datacenter", zoneFrom: [] },
  };
  for await (const sighting of source.watch(feed, stop.signal)) {
    // Some networks answer at once that there is no way there.
    assert.match(causeOf(sighting), /no connection within 20 ms|EHOSTUNREACH|ENETUNREACH|ECONNREFUSED/);
    stop.abort();
  }
  await source[Symbol.asyncDispose]();
});

test("a server that never blocks is asked no more often than the rate allows", async () => {
  await using it = await watching([answer(10)], { limits: { rate: { burst: 2, everyMs: 20 } } });
  const began = performance.now();
  for (let turn = 0; turn < 6; turn++) await it.next();
  assert.ok(performance.now() - began >= 4 * 20 - 5, "six queries of a burst of two take four intervals");
});

test("the end of the signal ends a query that waits", async () => {
  await using it = await watching([answer(10), hang], { limits: { waitMs: 60_000 } });
  await it.next();
  const ended = it.ended();
  while (it.queries.length < 2) await new Promise(setImmediate);
  it.stop.abort();
  assert.equal(await ended, true);
});

test("the token is read from its file for each query, and its absence is a failure that names the file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-token-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, "first\n");
  await using it = await watching([answer(10)], { tokenFile });
  await it.next();
  await writeFile(tokenFile, "second\n");
  await it.next();
  await rm(folder, { recursive: true });
  assert.match(causeOf(await it.next()), /token file .*token cannot be read \(ENOENT\)/);
  assert.deepEqual(it.tokens, ["first", "second"]);
});
