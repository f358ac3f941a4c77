import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { glob, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Format } from "@weir/proto/report/v1/report_pb.ts";
import { createOne, failure } from "../calls.ts";
import { startServer, temporaryDirectory } from "../server-process.ts";

const damages: readonly { readonly title: string; readonly harm: (path: string) => Promise<void> }[] = [
  {
    title: "one bit of it is another",
    async harm(path) {
      const bytes = await readFile(path);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2);
      await writeFile(path, bytes);
    },
  },
  { title: "its end is missing", harm: (path) => truncate(path, 1_000) },
  { title: "it is empty", harm: (path) => truncate(path, 0) },
  { title: "something was added", harm: (path) => writeFile(path, "more", { flag: "a" }) },
  {
    title: "it is another report of the same size",
    harm: async (path) => writeFile(path, (await readFile(path)).reverse()),
  },
  { title: "it is gone", harm: (path) => rm(path) },
];

test("a report whose stored bytes are not those that were made is never taken for it", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  for (const { title, harm } of damages) {
    const name = await createOne(client, "wide", { rows: 100 });
    await client.waitForEnd(name);
    const paths = glob(`${data.path}/objects/**/${name.split("/").at(-1)}/**/report.csv`);
    let harmed = 0;
    for await (const path of paths) {
      await harm(path);
      harmed += 1;
    }
    assert.equal(harmed, 1, name);
    const error = await failure(client.fetchReport(name, Format.CSV));
    assert.deepEqual([error.code, error.reason], [status.DATA_LOSS, "ARTIFACT_DAMAGED"], `${title}: ${error.message}`);
    // Its other bytes are still there.
    assert.equal(JSON.parse((await client.fetchReport(name, Format.JSON)).toString()).length, 100);
  }
  assert.doesNotMatch(server.log(), /unexpected error/);
});

test("an upload of other bytes than were announced is refused, and the right ones are taken after it", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const { client } = server;
  const bytes = Buffer.from("region,target\neu,7\n");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = { parent: "tenants/acme", mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
  const { value: upload } = await client.createUpload(announced);
  const put = (body: Uint8Array<ArrayBuffer>) => fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body });
  const wrong = await put(Uint8Array.from(bytes).reverse());
  assert.equal(wrong.status, 422);
  assert.match(await wrong.text(), /were announced, but .* came/);
  assert.equal((await failure(client.completeUpload(upload.name))).reason, "UPLOAD_MISSING");
  assert.equal((await put(Uint8Array.from(bytes))).status, 200);
  assert.equal((await client.completeUpload(upload.name)).value.complete, true);
  for (const hash of ["", "00", "g".repeat(64), sha256.toUpperCase(), `${sha256}00`]) {
    const error = await failure(client.createUpload({ ...announced, sha256: hash }));
    assert.equal(error.violations[0]?.field, "sha256", hash);
  }
});
