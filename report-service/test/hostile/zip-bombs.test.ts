import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { createOne } from "../calls.ts";
import { startServer, temporaryDirectory } from "../server-process.ts";
import { residentMegabytes, shortOfMemory } from "./memory-of.ts";
import { bombOf, connectRaw, frameOf, type RawEnd } from "./raw-call.ts";

const create = "Reports/CreateReport";

test("messages that unpack to very much are refused, one after the other and sixty-four at once", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, [], shortOfMemory);
  using channel = connectRaw(server.address);
  const bomb = bombOf(512);
  assert.ok(bomb.length < 600_000);
  const bombs = async (count: number) =>
    Promise.all(Array.from({ length: count }, () => channel.call(create, bomb, "gzip")));
  await bombs(4);
  const before = await residentMegabytes(server.process.pid);
  for (const end of [...(await bombs(1)), ...(await bombs(64))]) {
    const { code, message } = errorOf(end);
    assert.equal(code, status.RESOURCE_EXHAUSTED, message);
  }
  const grownBy = (await residentMegabytes(server.process.pid)) - before;
  assert.ok(grownBy < 200, `grew by ${grownBy} MB over 32 GB of zeros`);
  assert.match(await createOne(server.client, "wide", { rows: 1 }), /^tenants\/acme/);
});

test("a message that lies about how it is packed is one error, and its connection goes on", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  using channel = connectRaw(server.address);
  const packed = gzipSync(Buffer.from([0x0a, 0x01, 0x78]));
  const lies: readonly (readonly [title: string, frame: Buffer, encoding: string])[] = [
    ["not packed though it says so", frameOf(Buffer.from("tenants/acme"), true), "gzip"],
    ["cut short", frameOf(packed.subarray(0, -6), true), "gzip"],
    ["another packing", frameOf(packed, true), "deflate"],
    ["packed twice", frameOf(gzipSync(packed), true), "gzip"],
    ["a packing that nobody knows", frameOf(packed, true), "br"],
    ["packed with a packing that is none", frameOf(packed, true), "identity"],
  ];
  for (const [title, frame, encoding] of lies) {
    const end = await channel.call(create, frame, encoding);
    assert.notEqual(end, "answered", title);
  }
  assert.match(await createOne(server.client, "wide", { rows: 1 }), /^tenants\/acme/);
  assert.doesNotMatch(server.log(), /unexpected error/);
});

function errorOf(end: RawEnd) {
  assert.ok(end !== "answered", "a bomb was answered");
  return end;
}
