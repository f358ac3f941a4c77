import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { connectedClient } from "../serve/testing.ts";
import { startOperator } from "./operator-server.ts";
import { startTestParts } from "./testing.ts";

const listen = { host: "127.0.0.1", port: 0 };

test("it serves on a port of its own choice, and the port is free again when it is closed", async () => {
  await using weir = await startTestParts();
  const options = { hosts: [], parts: weir.parts, observe: () => undefined };
  const operator = await startOperator({ listen, ...options });
  assert.equal((await fetch(`http://127.0.0.1:${operator.port}/healthz`)).status, 200);
  await assert.rejects(startOperator({ listen: { host: "127.0.0.1", port: operator.port }, ...options }), {
    message: /the operator's API cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*choose another with --admin/,
  });
  await operator[Symbol.asyncDispose]();
  await using again = await startOperator({ listen: { host: "127.0.0.1", port: operator.port }, ...options });
  assert.equal(again.port, operator.port);
});

test("closing answers who still waits", async () => {
  await using weir = await startTestParts();
  const asked = Promise.withResolvers<void>();
  const clients = {
    ...weir.clients,
    settled: (withinMs: number, signal: AbortSignal) => {
      asked.resolve();
      return weir.clients.settled(withinMs, signal);
    },
  };
  const never = { status: "STALE" as const, since: new Date() };
  weir.clients.add(
    connectedClient({ status: () => ({ cluster: never, endpoints: never, listener: never, routes: never }) }),
  );
  const operator = await startOperator({
    listen,
    hosts: [],
    parts: { ...weir.parts, clients },
    observe: () => undefined,
  });
  const answer = fetch(`http://127.0.0.1:${operator.port}/v1/clients:settled?within=1m`);
  await asked.promise;
  await operator[Symbol.asyncDispose]();
  const { acked, of } = (await (await answer).json()) as { acked: number; of: number };
  assert.deepEqual([acked, of], [0, 1]);
});

test("what is no HTTP is answered in words and hung up on", async () => {
  await using weir = await startTestParts();
  await using operator = await startOperator({ listen, hosts: [], parts: weir.parts, observe: () => undefined });
  const socket = connect(operator.port, "127.0.0.1");
  socket.end("\u0016\u0003\u0001 this is TLS\r\n\r\n");
  let text = "";
  socket.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  await once(socket, "close");
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.equal((JSON.parse(text.split("\r\n\r\n")[1] ?? "") as { error: { code: number } }).error.code, 400);
});
