import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { createOne } from "../calls.ts";
import { startServer, temporaryDirectory } from "../server-process.ts";
import { residentMegabytes, shortOfMemory } from "./memory-of.ts";
import { connectRaw, frameOf } from "./raw-call.ts";

const create = "Reports/CreateReport";

test("large requests that never end hold a bounded part of memory, and small ones are served beside them", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, [], shortOfMemory);
  await createOne(server.client, "wide", { rows: 1 });
  const before = await residentMegabytes(server.process.pid);
  const allButTheLast = frameOf(Buffer.alloc(4 * 2 ** 20)).subarray(0, -1);
  {
    using channel = connectRaw(server.address);
    // 400 MB.
    const calls = Array.from({ length: 100 }, () => channel.begin(create, allButTheLast));
    const ends = calls.map(({ ended, sent }) => Promise.race([ended, sent.then(() => undefined)]));
    const refused = (await Promise.all(ends)).filter((end) => end !== undefined);
    for (const end of refused) assert.ok(end !== "answered" && end.code === status.RESOURCE_EXHAUSTED, String(end));
    const grownBy = (await residentMegabytes(server.process.pid)) - before;
    assert.ok(grownBy < 300, `grew by ${grownBy} MB`);
    assert.match(await createOne(server.client, "wide", { rows: 1 }), /^tenants\/acme/);
  }
  // With its connection they are gone, and there is room again.
  using channel = connectRaw(server.address);
  for (;;) {
    const end = await channel.call(create, frameOf(Buffer.alloc(4 * 2 ** 20)));
    assert.ok(end !== "answered");
    if (end.code === status.INVALID_ARGUMENT) break;
    assert.equal(end.reason, "REQUESTS_TOO_LARGE");
    assert.equal(end.retryAfterMs, 1_000);
  }
  assert.doesNotMatch(server.log(), /unexpected error/);
});
