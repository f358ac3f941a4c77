import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { test } from "node:test";
import type { Credentials } from "./credentials.ts";
import { createKubernetesClient, type KubernetesClientLimits } from "./kubernetes-client.ts";
import { KubernetesRefusal } from "./refusal.ts";

const question = { path: "/apis", query: { limit: "2" }, accept: "application/json", timeLimitMs: 5_000 };
const never = new AbortController().signal;

async function listening(server: Server): Promise<{ readonly port: number } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      if ("closeAllConnections" in server) (server as { closeAllConnections(): void }).closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function clientOf(server: string, limits: Partial<KubernetesClientLimits> = {}, token?: string) {
  const none = { authorities: undefined, certificate: undefined, key: undefined, serverName: undefined };
  const credentials: Credentials = { server, token, ...none, verify: true };
  return createKubernetesClient(async () => credentials, {
    ...{ connectMs: 1_000, answerMs: 1_000, answerBytes: 1_000 },
    ...limits,
  });
}

type Reply = (response: ServerResponse, request: IncomingMessage) => void;

async function answered(reply: Reply, limits: Partial<KubernetesClientLimits> = {}) {
  const server = await listening(createServer((request, response) => reply(response, request)));
  const client = clientOf(`http://127.0.0.1:${server.port}/base`, limits, "secret");
  return {
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a question goes to the server's path with its token, and a whole 200 is the answer", async () => {
  await using it = await answered((response, { url, headers }) => {
    response.end(JSON.stringify([url, headers.authorization, headers.accept]));
  });
  assert.deepEqual(await it.client.get(question, never), ["/base/apis?limit=2", "Bearer secret", "application/json"]);
});

test("a refusal is told in the server's words, with how long it wants to be left alone", async () => {
  await using it = await answered((response) => {
    const body = JSON.stringify({ kind: "Status", code: 429, message: "too many requests, please try again later" });
    response.writeHead(429, { "retry-after": "3" }).end(body);
  });
  const refusal = await it.client.get(question, never).catch((cause: unknown) => cause);
  assert.ok(refusal instanceof KubernetesRefusal);
  assert.deepEqual([refusal.status, refusal.retryAfterMs], [429, 3_000]);
  assert.equal(refusal.message, "429: too many requests, please try again later");
});

test("an answer of something else is refused with the beginning of it", async () => {
  await using it = await answered((response) => response.writeHead(502).end("<html>bad gateway"));
  await assert.rejects(it.client.get(question, never), /^KubernetesRefusal: 502: <html>bad gateway$/);
  await assert.rejects(async () => {
    for await (const _ of it.client.watch(question, never));
  }, /502/);
});

for (const [title, reply, says] of [
  ["that does not come", () => {}, /no answer within 200 ms/],
  ["without an end", (response) => response.write("{"), /not at its end within 400 ms/],
  ["that breaks off", (response) => response.write("{", () => response.destroy()), /aborted/],
  ["that is too long", (response) => response.end("x".repeat(2_000)), /longer than 1000 bytes/],
  ["that is no JSON", (response) => response.end("{"), SyntaxError],
] as const satisfies readonly (readonly [string, Reply, RegExp | typeof SyntaxError])[]) {
  test(`an answer ${title} is a failure`, async () => {
    await using it = await answered(reply, { answerMs: 200 });
    await assert.rejects(it.client.get({ ...question, timeLimitMs: 400 }, never), says);
  });
}

test("a server that takes connections and never agrees on TLS is given up", async () => {
  await using frozen = await listening(createTcpServer((socket) => socket.resume().on("error", () => {})));
  using client = clientOf(`https://127.0.0.1:${frozen.port}`, { connectMs: 200 });
  await assert.rejects(client.get(question, never), /no connection within 200 ms/);
});

test("a watch that is left in the middle ends its connection", async () => {
  const closed = Promise.withResolvers<void>();
  await using it = await answered((response) => {
    response.on("close", () => closed.resolve());
    response.write('{"type":"BOOKMARK"}\n');
  });
  for await (const event of it.client.watch(question, never)) if (event !== undefined) break;
  await closed.promise;
});

test("a question is given up with its signal", async () => {
  const stop = new AbortController();
  await using it = await answered(() => stop.abort());
  await assert.rejects(it.client.get(question, stop.signal), /given up/);
});

test("a token is not sent over a network without TLS", async () => {
  using client = clientOf("http://10.0.0.1:8080", {}, "secret");
  await assert.rejects(client.get(question, never), /a token is not sent without TLS: give the cluster an https URL/);
});
