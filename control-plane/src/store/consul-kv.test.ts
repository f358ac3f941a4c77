import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ConsulKvAccess, createConsulKv } from "./consul-kv.ts";

type Asked = { readonly method: string; readonly url: string; readonly token: unknown; readonly body: string };
type Answer = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };

/** A server that answers as it is told, or never, and keeps what it was asked. */
async function server(answer: (asked: Asked) => Answer | "never") {
  const asked: Asked[] = [];
  const http = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method = "", url = "", headers } = request;
    const each = { method, url, token: headers["x-consul-token"], body };
    asked.push(each);
    const told = answer(each);
    if (told === "never") return;
    const { status = 200, headers: own = {}, body: content = "" } = told;
    const type = typeof content === "string" ? "text/plain" : "application/json";
    response.writeHead(status, { "x-consul-index": "7", "content-type": type, ...own });
    response.end(typeof content === "string" ? content : JSON.stringify(content));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    asked,
    address: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function access(addresses: readonly string[], rest: Partial<ConsulKvAccess> = {}): ConsulKvAccess {
  const none = { datacenter: undefined, tokenFile: undefined, caFile: undefined, certFile: undefined };
  return { addresses, ...none, keyFile: undefined, serverName: undefined, ...rest };
}

const signal = () => AbortSignal.timeout(20_000);
const entry = { Key: "weir/head", Value: Buffer.from("hello").toString("base64"), ModifyIndex: 5 };

test("a key is read with its index, an absent one is no failure, and the data center and token go along", async () => {
  await using consul = await server(({ url }) => (url.includes("head") ? { body: [entry] } : { status: 404 }));
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-kv-"));
  const tokenFile = join(folder.path, "token");
  await writeFile(tokenFile, "secret\n");
  await using kv = await createConsulKv(access([consul.address], { datacenter: "dc-b", tokenFile }));
  assert.deepEqual(await kv.read({ key: "weir/head", consistent: true }, signal()), {
    entries: [{ key: "weir/head", value: Buffer.from("hello"), index: 5 }],
    index: 7,
  });
  assert.deepEqual(await kv.read({ key: "weir/none", below: true }, signal()), { entries: [], index: 7 });
  await kv.read({ key: "weir/head", wait: { index: 7, waitMs: 10_000 } }, signal());
  assert.deepEqual(
    consul.asked.map(({ url, token }) => [url, token]),
    [
      ["/v1/kv/weir%2Fhead?dc=dc-b&consistent=1", "secret"],
      ["/v1/kv/weir%2Fnone?recurse=true&dc=dc-b", "secret"],
      ["/v1/kv/weir%2Fhead?dc=dc-b&index=7&wait=10000ms", "secret"],
    ],
  );
});

test("writes are one transaction, and one whose check fails has done nothing", async () => {
  let answer: Answer = { body: { Results: [{ KV: { ModifyIndex: 9 } }], Errors: null } };
  const refused = (What: string) => ({ status: 409, body: { Results: null, Errors: [{ OpIndex: 0, What }] } });
  await using consul = await server(() => answer);
  await using kv = await createConsulKv(access([consul.address]));
  const writes = [
    { kind: "put", key: "a", value: Buffer.from("1"), ifIndex: 0 },
    { kind: "put", key: "b", value: Buffer.from("2") },
    { kind: "delete", key: "c" },
  ] as const;
  assert.equal(await kv.write(writes, signal()), 9);
  assert.deepEqual(JSON.parse(consul.asked[0]?.body ?? ""), [
    { KV: { Verb: "cas", Key: "a", Value: "MQ==", Index: 0 } },
    { KV: { Verb: "set", Key: "b", Value: "Mg==" } },
    { KV: { Verb: "delete", Key: "c" } },
  ]);
  answer = refused('failed to set key "a", index is stale');
  assert.equal(await kv.write(writes, signal()), undefined);
  answer = refused("Permission denied");
  await assert.rejects(kv.write(writes, signal()), /^Error: Consul at .*: 409: Permission denied$/);
});

test("an error, a redirect, a server without a leader and one that hangs are failures that name it, and the next one is read", async () => {
  const answers: readonly (Answer | "never")[] = [
    { status: 500, body: "No cluster leader" },
    { status: 302, headers: { location: "http://169.254.169.254/" } },
    { headers: { "x-consul-knownleader": "false" }, body: [] },
    "never",
  ];
  for (const answer of answers) {
    await using bad = await server(() => answer);
    await using good = await server(() => ({ body: [entry] }));
    await using alone = await createConsulKv(access([bad.address]));
    await assert.rejects(
      alone.read({ key: "weir/head" }, signal()),
      new RegExp(`Consul at ${bad.address}: (500: No cluster|answered 302|.*no leader|no answer within 3000 ms)`),
    );
    await using both = await createConsulKv(access([bad.address, good.address]));
    assert.equal((await both.read({ key: "weir/head" }, signal())).entries[0]?.index, 5);
  }
});

test("a write that may have been taken is not given to another server; one that was never sent is", async () => {
  await using bad = await server(() => ({ status: 500, body: "rpc error" }));
  await using good = await server(() => ({ body: { Results: [{ KV: { ModifyIndex: 9 } }] } }));
  const write = [{ kind: "put", key: "a", value: Buffer.from("1"), ifIndex: 4 }] as const;
  await using kv = await createConsulKv(access([bad.address, good.address]));
  await assert.rejects(kv.write(write, signal()), /500: rpc error/);
  assert.equal(good.asked.length, 0);
  const closed = await server(() => "never");
  await closed[Symbol.asyncDispose]();
  await using other = await createConsulKv(access([closed.address, good.address]));
  assert.equal(await other.write(write, signal()), 9);
});
