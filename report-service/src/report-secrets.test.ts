import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Format } from "@weir/proto/report/v1/report_pb.ts";
import { createOne, failure } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";

const parent = "tenants/acme";
const secret = "canary-4711-in-the-mine";

test("a sensitive parameter reaches the worker, and is found in no answer, no log and no file of the store", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--log-level", "debug"]);
  const { client } = server;
  const order = { parent, report: { kind: "reportKinds/secretive", parameters: { secret, open: "door" } } };
  const [first, second] = await Promise.all([client.createReport(order), client.createReport(order)]);
  const name = reportNameOf(first.value);
  assert.equal(reportNameOf(second.value), name);
  const report = await client.waitForEnd(name);
  assert.deepEqual(report.parameters, { open: "door" });
  const [row] = JSON.parse((await client.fetchReport(name, Format.JSON)).toString());
  assert.deepEqual(row, { secret, open: "door" });

  await client.createReport({
    ...order,
    requestId: "r",
    report: { ...order.report, parameters: { secret, open: "x" } },
  });
  const files = (await readdir(data.path)).filter((file) => file.startsWith("reports.db"));
  for (const file of files) assert.equal(await holds(join(data.path, file), secret), false, file);
  assert.equal(await holds(join(data.path, "reports.db-wal"), "door"), true);
  assert.doesNotMatch(server.log(), new RegExp(secret));
});

test("where all is encrypted it is found in no file: not in the store, not in artifacts, not in uploads", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--encrypt", "all"]);
  const { client } = server;
  const order = { parent, report: { kind: "reportKinds/reused", parameters: { text: secret } } };
  const name = reportNameOf((await client.createReport(order)).value);
  assert.equal((await client.waitForEnd(name)).parameters?.["text"], secret);
  const bytes = await client.fetchReport(name, Format.CSV);
  assert.ok(bytes.includes(secret));
  const { url } = (await client.getDownloadUrl({ name, format: Format.CSV })).value;
  assert.ok(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes));

  const targets = Buffer.from(`region,target\n${secret},7\n`);
  const facts = { sizeBytes: BigInt(targets.length), sha256: createHash("sha256").update(targets).digest("hex") };
  const { value: upload } = await client.createUpload({ parent, mediaType: "text/csv", ...facts });
  await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: targets });
  assert.equal((await client.completeUpload(upload.name)).value.complete, true);
  const compared = await createOne(client, "targets", undefined, parent, [upload.name]);
  await client.waitForEnd(compared);
  assert.ok((await client.fetchReport(compared, Format.JSON)).includes(secret));

  await server.end("SIGTERM");
  const files = (await readdir(data.path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.ok(files.filter(({ parentPath }) => parentPath.includes("objects")).length >= 3);
  for (const { parentPath, name: file } of files)
    assert.equal(await holds(join(parentPath, file), secret), false, file);
});

test("an artifact that was changed or exchanged where it lies encrypted is DATA_LOSS", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--encrypt", "all"]);
  const { client } = server;
  const paths = [];
  for (const text of ["one", "two"]) {
    const name = await createOne(client, "reused", { text });
    await client.waitForEnd(name);
    paths.push({ name, path: await artifactOf(data.path, name) });
  }
  const [one, two] = paths;
  assert.ok(one && two);
  await copyFile(one.path, two.path);
  assert.equal((await failure(client.fetchReport(two.name, Format.CSV))).reason, "ARTIFACT_DAMAGED");
  const bytes = await readFile(one.path);
  await writeFile(one.path, bytes.fill(0, bytes.length - 1));
  assert.equal((await failure(client.fetchReport(one.name, Format.CSV))).reason, "ARTIFACT_DAMAGED");
});

/** The file of a report's CSV. */
async function artifactOf(data: string, name: string): Promise<string> {
  const id = name.split("/").at(-1) ?? "";
  const files = await readdir(join(data, "objects"), { recursive: true, withFileTypes: true });
  const found = files.find(({ parentPath, name: file }) => parentPath.includes(id) && file.includes("csv"));
  assert.ok(found, files.map((file) => join(file.parentPath, file.name)).join("\n"));
  return join(found.parentPath, found.name);
}

async function holds(path: string, text: string): Promise<boolean> {
  return (await readFile(path)).includes(text);
}
