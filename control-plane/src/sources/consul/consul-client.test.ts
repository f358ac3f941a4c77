import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type ConsulAccess, createConsulClient, type FailedOver } from "./consul-client.ts";

const limits = {
  ...{ connectMs: 1_000, answerMs: 1_000, answerBytes: 1_000, lastContactMs: 1_000, returnMs: 1_000, fileMs: 0 },
};

/** Servers that answer as they are told to, and a client of all of them. */
async function clientOf(behaviours: readonly string[], access: Partial<ConsulAccess> = {}) {
  const now = [...behaviours];
  const asked: number[] = [];
  const servers: Server[] = [];
  for (const index of now.keys()) {
    const listen: RequestListener = (_, response) => {
      asked.push(index);
      const does = now[index];
      if (does === "hangs") return;
      const status = Number.parseInt(does ?? "", 10);
      if (status > 0) response.writeHead(status).end("no");
      else {
        response.setHeader("x-consul-index", 5);
        response.setHeader("x-consul-knownleader", String(does !== "leaderless"));
        response.end(`[${index}]`);
      }
    };
    const server = createServer(listen).listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
  }
  const addresses = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const notes: FailedOver[] = [];
  let nowMs = 0;
  const client = createConsulClient(
    { addresses, tokenFile: undefined, tls: undefined, ...access },
    { limits, failedOver: (note) => notes.push(note), monotonicMs: () => nowMs },
  );
  const question = { path: "/v1/health/state/any", query: new URLSearchParams(), timeLimitMs: 1_000 };
  return {
    asked,
    notes,
    addresses,
    behave(index: number, does: string) {
      now[index] = does;
    },
    wait(ms: number) {
      nowMs += ms;
    },
    get: async () => (await client.get(question, new AbortController().signal)).text,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };
}

for (const does of ["500", "429", "leaderless", "hangs"]) {
  test(`an address that ${does === "hangs" ? does : `answers ${does}`} is left for the next one, which is asked from then on`, async () => {
    await using it = await clientOf([does, "answers", "answers"]);
    assert.equal(await it.get(), "[1]");
    assert.equal(await it.get(), "[1]");
    assert.deepEqual(it.asked, [0, 1, 1]);
    assert.deepEqual(
      it.notes.map(({ from, to }) => [from, to]),
      [[it.addresses[0], it.addresses[1]]],
    );
  });
}

test("an address that is well again is gone back to, and is tried beside the queries", async () => {
  await using it = await clientOf(["hangs", "answers"]);
  await it.get();
  it.wait(1);
  await it.get();
  it.wait(1_001);
  it.behave(0, "500");
  assert.equal(await it.get(), "[1]", "still not well");
  it.behave(0, "answers");
  // The trial runs beside the queries: some more of them are answered by the second address meanwhile.
  for (let text = ""; text !== "[0]"; text = await it.get()) it.wait(500);
});

test("what every address would say is not asked of them all", async () => {
  await using it = await clientOf(["403", "answers"]);
  await assert.rejects(it.get(), /403: no/);
  assert.deepEqual(it.asked, [0]);
});

test("when none answers, each says why", async () => {
  await using it = await clientOf(["500", "leaderless"]);
  await assert.rejects(it.get(), (thrown: Error) => {
    assert.match(thrown.message, /:\d+: 500: no; http:\/\/127\.0\.0\.1:\d+: the server that answered knows no leader/);
    return true;
  });
});

test("a token file that is missing is named, and no address is asked", async () => {
  await using it = await clientOf(["answers"], { tokenFile: "/nowhere/token" });
  await assert.rejects(it.get(), /the token file \/nowhere\/token cannot be read \(ENOENT\)/);
  assert.deepEqual(it.asked, []);
});
