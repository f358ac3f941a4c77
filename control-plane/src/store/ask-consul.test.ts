import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { test } from "node:test";
import { createAskConsul } from "./ask-consul.ts";

type Reply = (response: ServerResponse, request: IncomingMessage) => void;
const never = new AbortController().signal;

async function listening(server: Server, host = "127.0.0.1") {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

/** What becomes of one read when Consul answers like this. */
async function read(reply: Reply, { timeout = 20_000, signal = never, host = "127.0.0.1" } = {}) {
  await using server = await listening(
    createServer((request, response) => {
      response.setHeader("content-type", "application/json");
      reply(response, request);
    }),
    host,
  );
  const at = host.includes(":") ? `[${host}]` : host;
  using client = createAskConsul(`http://${at}:${server.port}`, {}, { connectMs: 1_000, answerBytes: 1_000 });
  return await client.ask((consul, options) => consul.kv.get({ key: "a b/ü", ...options }), { timeout }, signal);
}

test("an answer comes with its status, index, time and what it holds, over IPv6 as well", async () => {
  const date = "Sat, 21 Nov 2026 12:00:00 GMT";
  const reply: Reply = (response, { url }) =>
    response.writeHead(200, { "x-consul-index": "7", date }).end(JSON.stringify([url]));
  const answer = { status: 200, index: 7, at: new Date(date), body: ["/v1/kv/a%20b%2F%C3%BC"] };
  assert.deepEqual(await read(reply), answer);
  assert.deepEqual(await read(reply, { host: "::1" }), answer);
});

test("what the package cannot read is handed over as it is, and is neither an absent key nor the end of the process", async () => {
  assert.deepEqual((await read((response) => response.end("[null]"))).body, [null]);
  assert.deepEqual((await read((response) => response.end("["))).body, Buffer.from("["));
  const page = await read((response) => response.setHeader("content-type", "text/html").end("<html>"));
  assert.equal(page.body, "<html>");
});

for (const [title, reply, says] of [
  ["that breaks off", (response) => response.write("[", () => response.destroy()), /the answer broke off/],
  ["that is too long", (response) => response.end("x".repeat(2_000)), /longer than 1000 bytes/],
  ["that is a closed connection", (response) => response.destroy(), /socket hang up|ECONNRESET/],
  ["that is a refusal", (response) => response.writeHead(403).end("[]"), /^Error: 403: \[\]$/],
  ["that is a refusal in other words", (response) => response.writeHead(502).end("oops"), /^Error: 502: oops$/],
] as const satisfies readonly (readonly [string, Reply, RegExp])[]) {
  test(`an answer ${title} is a failure at once`, async () => {
    await assert.rejects(read(reply), says);
  });
}

test("an answer that does not end is waited for until the time limit, and the connection is given up", async () => {
  const closed = Promise.withResolvers<void>();
  const reply: Reply = (response) => response.on("close", () => closed.resolve()).write("[");
  await assert.rejects(read(reply, { timeout: 100 }), /^Error: no answer within 100 ms$/);
  await closed.promise;
});

test("a question that is cancelled while it waits ends at once, with its connection", async () => {
  const stop = new AbortController();
  const closed = Promise.withResolvers<void>();
  const reply: Reply = (response) => {
    response.on("close", () => closed.resolve());
    stop.abort();
  };
  await assert.rejects(read(reply, { signal: stop.signal }), /aborted/);
  await closed.promise;
  await assert.rejects(
    read(() => assert.fail("asked"), { signal: stop.signal }),
    { name: "AbortError" },
  );
});

test("a server that takes connections and never agrees on TLS is given up after the connect limit", async () => {
  await using frozen = await listening(createTcpServer((socket) => socket.resume().on("error", () => {})));
  using client = createAskConsul(`https://127.0.0.1:${frozen.port}`, {}, { connectMs: 100, answerBytes: 1_000 });
  const asked = client.ask((consul, options) => consul.kv.keys({ key: "", ...options }), { timeout: 20_000 }, never);
  await assert.rejects(asked, /no connection within 100 ms/);
});
