import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../kit/wait.ts";
import { type PlainStream, variants } from "./plain-client.ts";
import type { PlainType } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

const words = { cluster: { a: "v1", b: "v1" }, endpoints: { a: "v1", b: "v1" } };

/** Asks as a client that has what the other stream was sent. */
function comeBack(stream: PlainStream, before: PlainStream, type: PlainType, names: readonly string[]): void {
  const { version, resources } = before.last(type);
  stream.want(type, names, { version, has: Object.fromEntries(resources.map(({ name, version }) => [name, version])) });
}

// Some wait for a second or two.
describe("a stream", { concurrency: true }, () => {
  for (const variant of variants) {
    test(`${variant}: a client that cancels is gone at once, and nobody holds its resources any more`, async () => {
      const left = Promise.withResolvers<void>();
      await using world = await startServedWorld({
        wanted: (_viewer, signal) => signal.addEventListener("abort", () => left.resolve()),
      });
      world.set(words);
      using stream = world.open(variant, { node: { id: "edge-1" } });
      stream.want("cluster");
      await stream.hears();
      stream.cancel();
      await left.promise;
      assert.deepEqual(world.server.clients.list(), []);
      const gone = world.notes.filter((note) => note.kind === "client-disconnected");
      assert.deepEqual(
        gone.map(({ nodeId, protocol }) => `${nodeId} ${protocol}`),
        [`edge-1 ${variant}`],
      );
      world.set({ cluster: { a: "v2" } });
      assert.deepEqual(world.server.clients.list(), []);
    });

    test(`${variant}: a client that says it is done is told so, too`, async () => {
      await using world = await startServedWorld();
      world.set(words);
      using stream = world.open(variant);
      stream.want("cluster");
      await stream.settles();
      stream.halfClose();
      assert.equal(await stream.ended(), "OK");
      await until(() => world.server.clients.list().length === 0, { within: 20_000, what: "the client gone" });
    });

    test(`${variant}: a client that leaves costs the others nothing`, async () => {
      await using world = await startServedWorld();
      world.set(words);
      using leaving = world.open(variant);
      using staying = world.open(variant);
      for (const stream of [leaving, staying]) {
        stream.want("endpoints", ["a", "b"]);
        await stream.hears();
      }
      staying.ack("endpoints");
      leaving.cancel();
      world.set({ endpoints: { a: "v2", b: "v1" } });
      assert.deepEqual(await staying.settles(), ["endpoints +a@v2"]);
    });

    test(`${variant}: a connection that is old is ended, and to come back costs no resource`, async () => {
      await using world = await startServedWorld({
        limits: { maxConnectionAgeMs: 2_500, maxConnectionAgeGraceMs: 100 },
      });
      world.set(words);
      using before = world.open(variant);
      before.want("cluster");
      before.want("endpoints", ["a", "b"]);
      const texts = [await before.next(), await before.next()].map(({ type }) => type);
      assert.deepEqual(texts, ["cluster", "endpoints"]);
      before.ack("cluster");
      before.ack("endpoints");
      assert.match(await before.ended(), /^(UNAVAILABLE|CANCELLED|INTERNAL)/);
      using again = world.open(variant);
      comeBack(again, before, "cluster", []);
      comeBack(again, before, "endpoints", ["a", "b"]);
      const came = await again.hears();
      assert.deepEqual(came, variant === "sotw" ? [] : ["cluster"]);
    });

    test(`${variant}: a server that is closed ends its streams, and its successor on the port sends nothing again`, async () => {
      const ended: string[] = [];
      await using world = await startServedWorld({
        wanted: (viewer, signal) => signal.addEventListener("abort", () => ended.push(viewer)),
      });
      world.set(words);
      using before = world.open(variant);
      before.want("endpoints", ["a", "b"]);
      await before.settles();
      const { port, clients } = world.server;
      await world.server[Symbol.asyncDispose]();
      assert.match(await before.ended(), /^(UNAVAILABLE|CANCELLED|INTERNAL)/);
      assert.deepEqual(clients.list(), []);
      assert.deepEqual(ended, ["test"]);
      await using successor = await startServedWorld({ listen: `127.0.0.1:${port}` });
      successor.set(words);
      using again = successor.open(variant);
      comeBack(again, before, "endpoints", ["a", "b"]);
      assert.deepEqual(await again.hears(), []);
    });

    test(`${variant}: a server is closed though a response is unanswered`, async () => {
      await using world = await startServedWorld();
      world.set(words);
      using stream = world.open(variant);
      stream.want("cluster");
      await stream.hears();
      await world.server[Symbol.asyncDispose]();
      assert.notEqual(await stream.ended(), "OK");
      assert.deepEqual(world.server.clients.list(), []);
    });

    test(`${variant}: who does not answer in time is ended, named, and may come back`, async () => {
      await using world = await startServedWorld({ ackTimeoutMs: 10_000 });
      world.set(words);
      using stream = world.open(variant, { node: { id: "edge-1" } });
      stream.want("cluster");
      await stream.hears();
      await world.pass(10_001);
      assert.match(await stream.ended(), /^DEADLINE_EXCEEDED: no answer to the cluster sent 10 s ago; connect again$/);
      const [slow] = world.notes.filter((note) => note.kind === "client-slow");
      assert.equal(slow?.nodeId, "edge-1");
      using again = world.open(variant, { node: { id: "edge-1" } });
      again.want("cluster");
      assert.deepEqual(await again.settles(), ["cluster +a@v1 +b@v1"]);
    });

    test(`${variant}: who says nothing on a stream is ended`, async () => {
      await using world = await startServedWorld({ limits: { maxIdleMs: 1_000 } });
      using stream = world.open(variant);
      assert.equal(await stream.ended(), "DEADLINE_EXCEEDED: no request within 1000 ms");
    });
  }
});
