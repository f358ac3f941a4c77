import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { lacksS3, startS3 } from "../../test/kit/s3.ts";
import { createOne } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";

test("with S3, uploads go there and reports come from there, past every server", { skip: lacksS3 }, async () => {
  await using s3 = await startS3();
  await using data = await temporaryDirectory();
  const flags = ["--objects", "s3", "--s3-bucket", `${s3.url}/reports`, "--s3-prefix", "weir/"];
  await using server = await startServer(data.path, [...flags, "--s3-credentials", s3.credentials]);
  const { client } = server;
  assert.equal(server.objects, undefined);

  const bytes = Buffer.from("region,target\neu,7\n");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = { parent: "tenants/acme", mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
  const { value: upload } = await client.createUpload(announced);
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
