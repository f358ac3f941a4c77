import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksOpenssl, makeCertificates } from "../../../test/kit/certificates.ts";
import { makeFolder } from "../../../test/kit/folder.ts";
import { lacksRedis, startRedis } from "../../../test/kit/redis.ts";
import { createOne } from "../../test/calls.ts";
import { startServer, temporaryDirectory } from "../../test/server-process.ts";

test("Redis is reached by TLS as a user with a password, which no log repeats", {
  skip: lacksRedis || lacksOpenssl,
}, async () => {
  await using folder = await makeFolder("redis-tls");
  const { ca, server: files } = await makeCertificates(folder.path);
  const user = ["--user", "default", "off", "--user", "reports", "on", ">canary-4711", "~*", "&*", "+@all"];
  await using redis = await startRedis({ tls: { ca, cert: files.cert, key: files.key }, args: user });
  const urlWith = (password: string) => redis.url.replace("://", `://reports:${password}@`);
  const made = async (url: string) => {
    await using data = await temporaryDirectory();
    const env = { WEIR_REPORT_QUEUE: url, NODE_EXTRA_CA_CERTS: ca };
    await using server = await startServer(data.path, ["--metrics", "127.0.0.1:0"], env);
    await server.client.waitForEnd(await createOne(server.client, "wide", { rows: 3 }), { timeoutMs: 30_000 });
    const metrics = await (await fetch(`http://${server.metrics}/metrics`)).text();
    return { log: server.log(), unpublished: /^report_broker_unpublished (\d+)$/m.exec(metrics)?.[1] };
  };
  const well = await made(urlWith("canary-4711"));
  assert.equal(well.unpublished, "0");
  assert.doesNotMatch(well.log, /(publishing|receiving)-failed/);
  // The store alone brings it to a worker then.
  const ill = await made(urlWith("canary-0815"));
  assert.match(ill.log, /receiving-failed.*WRONGPASS/);
  for (const { log } of [well, ill]) assert.doesNotMatch(log, /canary/);
});
