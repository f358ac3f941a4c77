import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { CreateReportRequestSchema, Reports, Results } from "@weir/proto/report/v1/report_pb.ts";
import { createOne } from "../calls.ts";
import { startServer, temporaryDirectory } from "../server-process.ts";
import { residentMegabytes, shortOfMemory } from "./memory-of.ts";
import { connectRaw, frameOf, type RawEnd } from "./raw-call.ts";

const request = Buffer.from(
  toBinary(
    CreateReportRequestSchema,
    create(CreateReportRequestSchema, {
      parent: "tenants/acme",
      validateOnly: true,
      requestId: "one",
      report: { kind: "reportKinds/wide", parameters: { rows: 3 }, labels: { team: "blue" }, formats: [1] },
    }),
  ),
);

// Whose fault they are: the client's. INTERNAL and UNKNOWN would be ours.
const honest = new Set([
  ...[status.INVALID_ARGUMENT, status.NOT_FOUND, status.ALREADY_EXISTS, status.FAILED_PRECONDITION],
  ...[status.PERMISSION_DENIED, status.OUT_OF_RANGE, status.UNIMPLEMENTED, status.RESOURCE_EXHAUSTED],
]);

test("a request with any of its bytes changed is answered, or one clear error", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, [], shortOfMemory);
  using channel = connectRaw(server.address);
  const random = randomOf(20_261_121);
  const send = async (rounds: number) => {
    for (let round = 0; round < rounds; round += 50) {
      const requests = Array.from({ length: 50 }, () => changed(request, random));
      const ends = await Promise.all(requests.map((bytes) => channel.call("Reports/CreateReport", frameOf(bytes))));
      for (const [index, end] of ends.entries()) assertClear(end, requests[index]?.toString("hex") ?? "");
    }
  };
  await send(500);
  const before = await residentMegabytes(server.process.pid);
  await send(2_000);
  const grownBy = (await residentMegabytes(server.process.pid)) - before;
  assert.ok(grownBy < 32, `grew by ${grownBy} MB`);
  assert.match(await createOne(server.client, "wide", { rows: 1 }), /^tenants\/acme/);
  assert.doesNotMatch(server.log(), /unexpected error/);
});

test("noise is one clear error, whatever method it is sent to", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  using channel = connectRaw(server.address);
  const random = randomOf(7);
  const methods = [Reports, Results].flatMap(({ name, methods: own }) => own.map((method) => `${name}/${method.name}`));
  assert.ok(methods.length > 10);
  for (const method of methods) {
    for (const length of [0, 1, 7, 300]) {
      const noise = Buffer.from(Array.from({ length }, () => random(256)));
      assertClear(await channel.call(method, frameOf(noise)), `${method} ${noise.toString("hex")}`);
    }
  }
  assert.doesNotMatch(server.log(), /unexpected error/);
});

test("a request with too much in it is one clear error that says how much may be", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  using channel = connectRaw(server.address);
  const parent = "tenants/acme";
  const large: readonly (readonly [title: string, bytes: Buffer, says: RegExp])[] = [
    ["more bytes than a request may have", Buffer.alloc(4 * 2 ** 20 + 1), /4194305 bytes and may have 4194304/],
    ["a text of a megabyte", requestOf({ parent, report: parametersOf({ text: "x".repeat(2 ** 20) }) }), /65536 bytes/],
    ["a tenant of a megabyte", requestOf({ parent: `tenants/${"x".repeat(2 ** 20)}` }), /parent must be/],
    ["a request id of a megabyte", requestOf({ parent, requestId: "x".repeat(2 ** 20) }), /at most 128/],
    [
      "a hundred thousand formats",
      requestOf({ parent, report: { ...parametersOf({ rows: 1 }), formats: Array(100_000).fill(99) } }),
      /formats\[0\] must be one of csv, json; .* request has 7\d more problems/,
    ],
    [
      "ten thousand parameters",
      requestOf({
        parent,
        report: parametersOf(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`p${n}`, n]))),
      }),
      /65536 bytes/,
    ],
  ];
  for (const [title, bytes, says] of large) {
    const end = await channel.call("Reports/CreateReport", frameOf(bytes));
    assertClear(end, title);
    assert.ok(end !== "answered", title);
    assert.match(end.message, says, title);
  }
});

const kind = "reportKinds/wide";

function parametersOf(parameters: Record<string, string | number>) {
  return { kind, parameters };
}

function requestOf(init: Parameters<typeof create<typeof CreateReportRequestSchema>>[1]): Buffer {
  return Buffer.from(toBinary(CreateReportRequestSchema, create(CreateReportRequestSchema, init)));
}

function assertClear(end: RawEnd, what: string): void {
  if (end === "answered") return;
  assert.ok(honest.has(end.code), `${what}: ${end.message}`);
  assert.ok(end.reason, `${what}: ${end.message} has no reason`);
  // What a client of Java takes, and one of C++ without a warning.
  assert.ok(end.headerBytes <= 8_192, `${what}: the error has ${end.headerBytes} bytes of headers`);
}

/** Some bytes are changed, left out, doubled or put elsewhere. */
function changed(bytes: Buffer, random: (below: number) => number): Buffer {
  let now = bytes;
  for (let times = 1 + random(3); times > 0; times -= 1) {
    const [from, length] = [random(now.length), random(9)];
    const [head, piece, tail] = [now.subarray(0, from), now.subarray(from, from + length), now.subarray(from + length)];
    const other = Buffer.from(Array.from({ length: random(5) }, () => random(256)));
    now = Buffer.concat(
      [
        [head, tail],
        [head, piece, piece, tail],
        [head, other, tail],
        [tail, head, piece],
      ][random(4)] ?? [],
    );
    if (now.length === 0) return now;
  }
  return now;
}

/** The same numbers for the same seed: mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
