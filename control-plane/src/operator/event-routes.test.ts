import assert from "node:assert/strict";
import { test } from "node:test";
import { fastify } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { connectedClient } from "../serve/testing.ts";
import { eventRoutes } from "./event-routes.ts";
import type { OperatorApp } from "./operator-context.ts";
import { startOperator } from "./operator-server.ts";
import { startTestParts } from "./testing.ts";
import { service, split } from "./testing-api.ts";

type Told = { readonly event: string; readonly id?: string; readonly data: Readonly<Record<string, unknown>> };

test("who listens is told how things are, then each revision, client and NACK, and the traffic once a second", async () => {
  await using weir = await start();
  const stream = await weir.listen();
  assert.deepEqual((await stream.next("hello")).data["resumed"], "none");
  assert.equal((await stream.next("clients")).data["total"], 0);
  assert.ok((await stream.next("sources")).data["sources"]);
  assert.ok((await stream.next("traffic")).data["flows"]);

  await weir.change(service, "first");
  const revision = await stream.next("revision");
  assert.equal(revision.data["reason"], "first");
  assert.match(revision.id ?? "", /^r1\.[0-9a-f]{8}\.\d+$/);

  const identity = { nodeId: "edge-1" };
  weir.clients.add(connectedClient({ identity }));
  const clients = await stream.next("clients", ({ total }) => total === 1);
  assert.deepEqual(
    (clients.data["came"] as readonly { nodeId: string }[]).map(({ nodeId }) => nodeId),
    ["edge-1"],
  );
  await stream.next("traffic");
  stream.stop();
});

test("who comes back is told what was missed, also what happened while nobody listened", async () => {
  await using weir = await start();
  const first = await weir.listen();
  await first.next("hello");
  await weir.change(service, "one");
  const { id = "" } = await first.next("revision");
  first.stop();
  await weir.change(split, "two");
  for (const after of [id, "r1"]) {
    const again = await weir.listen({ "last-event-id": after });
    assert.notEqual((await again.next("hello")).data["resumed"], "none", after);
    assert.equal((await again.next("revision")).data["reason"], "two");
    again.stop();
  }
  const unknown = await weir.listen({ "last-event-id": "r700.00000000.3" });
  assert.equal((await unknown.next("hello")).data["resumed"], "none");
  unknown.stop();
});

test("a Last-Event-ID that nobody gave out is refused", async () => {
  await using weir = await start();
  const answer = await fetch(`${weir.url}/v1/events`, { headers: { "last-event-id": "yesterday" } });
  assert.equal(answer.status, 400);
});

test("the page is told how things are and what changes, goes on after what it knows, and is asked anew after a while", async () => {
  await using weir = await startTestParts();
  const app = fastify().withTypeProvider<ZodTypeProvider>() as unknown as OperatorApp;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => JSON.stringify);
  const closing = new AbortController();
  eventRoutes(app, { parts: weir.parts, closing: closing.signal }, { longestMs: 1_500 });
  const url = `${await app.listen({ port: 0 })}/v1/events?view=page`;
  const told = async (headers: Readonly<Record<string, string>>) => {
    const { body } = await fetch(url, { headers, signal: AbortSignal.timeout(20_000) });
    const all: Told[] = [];
    for await (const each of eventsOf(body ?? new ReadableStream())) all.push(each);
    return all;
  };
  const first = await told({});
  assert.deepEqual([first[0]?.event, first[1]?.event], ["overview", "changes"]);
  const again = await told({ "last-event-id": first.at(-1)?.id ?? "" });
  assert.deepEqual([...new Set(again.map(({ event }) => event))], ["changes"]);
  closing.abort();
  await app.close();
});

async function start() {
  const test = await startTestParts();
  const listen = { host: "127.0.0.1", port: 0 };
  const server = await startOperator({ listen, hosts: [], parts: test.parts, observe: () => undefined });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    clients: test.clients,
    async change(document: unknown, reason: string) {
      const operations = [{ kind: "put" as const, document }];
      await test.parts.policies.change({ operations, by: "ana", reason, through: "api", validateOnly: false });
    },
    async listen(headers: Readonly<Record<string, string>> = {}) {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]);
      const answer = await fetch(`${url}/v1/events`, { headers, signal });
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      const events = eventsOf(answer.body ?? new ReadableStream());
      return {
        async next(wanted: string, when: (data: Told["data"]) => boolean = () => true): Promise<Told> {
          for (;;) {
            const { value, done } = await events.next();
            if (done) throw new Error(`the stream ended before ${wanted} came`);
            if (value.event === wanted && when(value.data)) return value;
          }
        },
        stop: () => stop.abort(),
      };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await test[Symbol.asyncDispose]();
    },
  };
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Told, void> {
  let text = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      const [event, id, data] = [field("event"), field("id"), field("data")];
      if (event !== undefined && data !== undefined)
        yield { event, ...(id !== undefined && { id }), data: JSON.parse(data) as Told["data"] };
    }
  }
}
