import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { lacksS3, startS3 } from "../../test/kit/s3.ts";
import { until } from "../../test/kit/wait.ts";
import { all, createOne, failure } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";

test("with S3, uploads go there and reports come from there, past every server", { skip: lacksS3 }, async () => {
  await using s3 = await startS3();
  await using data = await temporaryDirectory();
  const flags = ["--objects", "s3", "--s3-bucket", `${s3.url}/reports`, "--s3-prefix", "weir/"];
  await using server = await startServer(data.path, [...flags, "--s3-credentials", s3.credentials]);
  const { client } = server;
  assert.equal(server.objects, undefined);

  const bytes = Buffer.from("region,target\neu,7\n");
  const { value: upload } = await client.createUpload(announced(bytes));
  const put = (body: Buffer) => fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body });
  assert.equal((await put(Buffer.from(bytes).fill(0))).status, 400);
  assert.equal((await put(bytes)).status, 200);
  assert.equal((await client.completeUpload(upload.name)).value.complete, true);

  const name = await createOne(client, "wide", { rows: 2 });
  await client.waitForEnd(name);
  const { value } = await client.getDownloadUrl({ name, format: Format.CSV });
  assert.ok(value.url.startsWith(`${s3.url}/reports/weir/`));
  const text = await (await fetch(value.url)).text();
  assert.equal(text, (await client.fetchReport(name, Format.CSV)).toString());
  assert.equal(existsSync(join(data.path, "objects")), false);
});

test("reports whose results S3 does not take, or whose uploads it does not give, are put off, and made once it does", {
  skip: lacksS3,
}, async () => {
  await using s3 = await startS3();
  await using data = await temporaryDirectory();
  const credentials = join(data.path, "credentials");
  const flags = ["--objects", "s3", "--s3-bucket", `${s3.url}/reports`, "--s3-credentials", credentials];
  await writeFile(credentials, s3.keys);
  await using before = await startServer(data.path, flags);
  const made = await createOne(before.client, "wide", { rows: 1 });
  await before.client.waitForEnd(made);
  const bytes = Buffer.from("region,target\neu,7\n");
  const { value: upload } = await before.client.createUpload(announced(bytes));
  await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: bytes });
  await before.client.completeUpload(upload.name);
  await before.end("SIGTERM");

  await writeFile(credentials, s3.keys.replace("-secret", "-wrong"));
  await using server = await startServer(data.path, flags);
  const { client } = server;
  const fed = { kind: "reportKinds/targets", uploads: [upload.name] };
  const names = [
    await createOne(client, "wide", { rows: 2 }),
    reportNameOf((await client.createReport({ parent: "tenants/acme", report: fed })).value),
  ];
  const handedBack = async (name: string) =>
    (await client.getReport(name)).value.attempts.some(({ error }) => error !== undefined);
  for (const name of names) {
    await until(() => handedBack(name), { within: 60_000, what: `${name} is handed back` });
  }
  const error = await failure(all(client.streamReport({ name: made, format: Format.CSV })));
  assert.deepEqual([error.code, error.reason], [status.UNAVAILABLE, "STORE_UNAVAILABLE"]);

  await writeFile(credentials, s3.keys);
  for (const name of names) {
    const { state, attempts } = await client.waitForEnd(name);
    assert.equal(state, State.SUCCEEDED);
    for (const { error } of attempts.slice(0, -1)) {
      assert.deepEqual([error?.code, error?.message], [status.ABORTED, "a store is not available"]);
    }
  }
});

test("while S3 hangs reports are accepted, and their results wait for it", { skip: lacksS3 }, async () => {
  await using s3 = await startS3();
  await using data = await temporaryDirectory();
  const flags = ["--objects", "s3", "--s3-bucket", `${s3.url}/reports`, "--s3-credentials", s3.credentials];
  await using server = await startServer(data.path, flags);
  const { client } = server;
  await client.waitForEnd(await createOne(client, "wide", { rows: 1 }));
  s3.freeze();
  const names = await Promise.all([1, 2, 3].map((rows) => createOne(client, "wide", { rows: rows + 1 })));
  const running = await client.getReport(names[0] ?? "");
  assert.equal(running.value.artifacts.length, 0);
  // Longer than a lease: the worker keeps it while it waits.
  await delay(6_000);
  s3.thaw();
  for (const name of names) {
    const report = await client.waitForEnd(name);
    assert.equal(report.state, State.SUCCEEDED);
    assert.equal(report.attempts.length, 1);
    assert.ok((await client.fetchReport(name, Format.CSV)).length > 0);
  }
});

function announced(bytes: Buffer) {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { parent: "tenants/acme", mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
}
