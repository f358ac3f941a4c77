import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { createOne, failure, untilState } from "../test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";

const parent = "tenants/acme";

let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;
before(async () => {
  data = await temporaryDirectory();
  server = await startServer(data.path, ["--concurrency", "sql=3", "--job-lease", "20s", "--metrics", "127.0.0.1:0"]);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

test("python that loops for ever, eats memory or throws fails with its reason, and delays no other cluster", async () => {
  const { client } = server;
  await client.waitForEnd(await createOne(client, "scripted"), { timeoutMs: 60_000 });
  const looping = await createOne(client, "scripted", { act: "loop" });
  const others = [
    await createOne(client, "scripted", { act: "eat" }),
    await createOne(client, "scripted", { act: "throw" }),
  ];
  await untilState(client, looping, State.RUNNING);
  await client.waitForEnd(await createOne(client, "wide", { rows: 1 }));
  assert.equal((await client.getReport(looping)).value.state, State.RUNNING);

  const ends = [];
  for (const name of [looping, ...others]) {
    const { state, error } = await client.waitForEnd(name, { timeoutMs: 60_000 });
    ends.push([state, error?.code, error?.message]);
  }
  assert.deepEqual(ends, [
    [State.FAILED, status.DEADLINE_EXCEEDED, "scripted may take 5000 ms and took longer"],
    [State.FAILED, status.RESOURCE_EXHAUSTED, "the code asked for more memory than its kind allows"],
    [State.FAILED, status.INTERNAL, "ValueError: it was told to throw (scripted.py, line 3)"],
  ]);
  const again = await client.waitForEnd(await createOne(client, "scripted"), { timeoutMs: 60_000 });
  assert.equal(again.state, State.SUCCEEDED);
  assert.equal((await client.fetchReport(again.name, Format.CSV)).toString(), "n\n50000\n");
});

test("a broken version is not made for a while, says why and until when, and is tried again", async () => {
  const { client } = server;
  const requestId = randomUUID();
  const order = { parent, requestId, report: { kind: "reportKinds/broken" } };
  const first = reportNameOf((await client.createReport(order)).value);
  assert.equal((await client.waitForEnd(first, { timeoutMs: 60_000 })).state, State.FAILED);
  for (let turn = 0; turn < 4; turn++) {
    const name = await createOne(client, "broken", {}, `tenants/tenant-${turn}`);
    assert.equal((await client.waitForEnd(name, { timeoutMs: 60_000 })).state, State.FAILED);
  }
  const refused = await failure(client.createReport({ parent, report: { kind: "reportKinds/broken" } }));
  assert.deepEqual([refused.code, refused.reason], [status.UNAVAILABLE, "KIND_CIRCUIT_OPEN"]);
  assert.match(refused.message, /a broken version \(broken.js, line 2\)/);
  assert.ok(refused.retryAfterMs !== undefined && refused.retryAfterMs > 0 && refused.retryAfterMs <= 5_000);
  assert.match(await metrics(), /^report_circuits_open\{cluster="javascript"\} 1$/m);
  // What was accepted stands, and no other kind is shut.
  assert.equal(reportNameOf((await client.createReport(order)).value), first);
  await client.waitForEnd(await createOne(client, "wide", { rows: 1 }));

  await delay(refused.retryAfterMs);
  const mended = await createOne(client, "broken", { works: true });
  assert.equal((await client.waitForEnd(mended, { timeoutMs: 60_000 })).state, State.SUCCEEDED);
  await client.waitForEnd(await createOne(client, "broken", { works: true }), { timeoutMs: 60_000 });
});

test("a kind reads what its client has uploaded, as a table", async () => {
  const { client } = server;
  const csv = await upload("text/csv", "region,target\neu,7\nap,5\n");
  const ask = (uploads: readonly string[]) =>
    client.createReport({ parent, report: { kind: "reportKinds/targets", uploads: [...uploads] } });
  const name = reportNameOf((await ask([csv])).value);
  const report = await client.waitForEnd(name, { timeoutMs: 60_000 });
  assert.equal(report.state, State.SUCCEEDED, report.error?.message);
  const rows = JSON.parse((await client.fetchReport(name, Format.JSON)).toString());
  assert.deepEqual(
    rows.map(({ region, target }: { region: string; target: number }) => [region, target]),
    [
      ["eu", 7],
      ["ap", 5],
    ],
  );
  assert.ok(rows[0].orders > rows[1].orders);

  const wrong = [await failure(ask([])), await failure(ask([await upload("application/json", "[]")]))];
  assert.deepEqual(
    wrong.map(({ violations }) => violations.map(({ field }) => field)),
    [["report.uploads"], ["report.uploads[0]"]],
  );
  const garbage = await upload("application/x-ndjson", "this is { no json\n");
  const failed = await client.waitForEnd(reportNameOf((await ask([garbage])).value), { timeoutMs: 60_000 });
  assert.deepEqual([failed.state, failed.error?.code], [State.FAILED, status.FAILED_PRECONDITION]);
  assert.match(failed.error?.message ?? "", /the upload targets is no application\/x-ndjson/);
});

test("a tenant has no more of a kind running than the kind allows, and its other reports go on", async () => {
  const { client } = server;
  const [first, second] = [await createOne(client, "narrow", { rows: 1e11 }), await createOne(client, "narrow")];
  await untilState(client, first, State.RUNNING);
  await client.waitForEnd(await createOne(client, "wide", { rows: 1 }));
  const other = await createOne(client, "narrow", { rows: 1 }, "tenants/other");
  await client.waitForEnd(other);
  assert.equal((await client.getReport(second)).value.state, State.QUEUED);
  const told = await metrics();
  for (const [name, value] of Object.entries({ queue_length: 1, workers: 3, busy_workers: 1, backlog_workers: 1 })) {
    assert.match(told, new RegExp(`^report_cluster_${name}\\{cluster="sql"\\} ${value}$`, "m"));
  }
  await client.cancelReport({ name: first });
  assert.equal((await client.waitForEnd(second, { timeoutMs: 60_000 })).state, State.SUCCEEDED);
});

test("no code outlives its worker, nor its server, however that ends", async () => {
  await using own = await temporaryDirectory();
  // What sandboxes start from is in a folder of their own, by which they are found.
  await mkdir(join(own.path, "sample"));
  await using doomed = await startServer(own.path, ["--languages", "python"]);
  await createOne(doomed.client, "scripted", { act: "loop" });
  const [worker = 0] = await untilProcesses(own.path, "worker-process", (pids) => pids.length > 0);
  await untilProcesses(own.path, "python-main", (pids) => pids.length > 0);
  process.kill(worker, "SIGKILL");
  const isAnother = (pids: readonly number[]) => pids.length > 0 && !pids.includes(worker);
  await untilProcesses(own.path, "worker-process", isAnother);
  // The second attempt has a sandbox of its own, and perhaps a spare one.
  await untilProcesses(own.path, "python-main", (pids) => pids.length > 0 && pids.length <= 2);

  await doomed.end("SIGKILL");
  await untilProcesses(own.path, "", (pids) => pids.length === 0);
});

test("no code outlives a server that ended while its worker stood still, and had a beat to send", async () => {
  await using own = await temporaryDirectory();
  // What sandboxes start from is in a folder of their own, by which they are found.
  await mkdir(join(own.path, "sample"));
  await using doomed = await startServer(own.path, ["--languages", "python"]);
  await createOne(doomed.client, "scripted", { act: "loop" });
  const [worker = 0] = await untilProcesses(own.path, "worker-process", (pids) => pids.length > 0);
  await untilProcesses(own.path, "python-main", (pids) => pids.length > 0);
  process.kill(worker, "SIGSTOP");
  // So long its timers need to be due before it hears that its server is gone.
  await delay(1_500);
  doomed.process.signal("SIGKILL");
  await untilProcesses(own.path, "", (pids) => !pids.includes(doomed.process.pid ?? 0));
  process.kill(worker, "SIGCONT");
  await untilProcesses(own.path, "", (pids) => pids.length === 0);
  assert.doesNotMatch(doomed.log(), /EPIPE/);
});

test("a report whose worker is stopped is made again, long before its time is over", async () => {
  await using own = await temporaryDirectory();
  await using halted = await startServer(own.path, ["--languages", "sql"]);
  const { client } = halted;
  await client.waitForEnd(await createOne(client, "wide", { rows: 1 }), { timeoutMs: 60_000 });
  const name = await createOne(client, "slow", { rows: 400_000_000 });
  await untilState(client, name, State.RUNNING);
  const [worker = 0] = await untilProcesses(own.path, "worker-process", (pids) => pids.length > 0);
  process.kill(worker, "SIGSTOP");
  const { state, attempts } = await client.waitForEnd(name, { timeoutMs: 120_000 });
  assert.equal(state, State.SUCCEEDED);
  assert.deepEqual(
    attempts.map(({ error }) => error?.message),
    ["the worker did nothing any more, as one that is stopped, and was ended", undefined],
  );
  await untilProcesses(own.path, "worker-process", (pids) => pids.length === 1 && !pids.includes(worker));
});

/** The processes that were told of this directory, once there are such as are wanted. */
async function untilProcesses(
  directory: string,
  program: string,
  wanted: (pids: readonly number[]) => boolean,
): Promise<readonly number[]> {
  const limit = AbortSignal.timeout(60_000);
  for (;;) {
    const all = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
    const lines = await Promise.all(all.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    const pids = all.filter((_, at) => lines[at]?.includes(directory) && lines[at]?.includes(program));
    if (wanted(pids)) return pids;
    limit.throwIfAborted();
    await delay(20);
  }
}

async function metrics(): Promise<string> {
  return (await fetch(`http://${server.metrics}/metrics`)).text();
}

async function upload(mediaType: string, text: string): Promise<string> {
  const body = Buffer.from(text);
  const sha256 = createHash("sha256").update(body).digest("hex");
  const announced = { parent, mediaType, sizeBytes: BigInt(body.length), sha256 };
  const { value } = await server.client.createUpload(announced);
  await fetch(value.putUrl, { method: "PUT", headers: value.headers, body });
  await server.client.completeUpload(value.name);
  return value.name;
}
