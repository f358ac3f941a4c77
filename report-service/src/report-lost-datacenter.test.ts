import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { all, createOne, failure } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { type ReportClient, reportNameOf } from "./client.ts";

/** As both ways to the bytes of a report answer. */
async function answers(client: ReportClient, name: string) {
  const errors = await Promise.all([
    failure(all(client.streamReport({ name, format: Format.CSV }))),
    failure(client.getDownloadUrl({ name, format: Format.CSV })),
  ]);
  return errors.map(({ code, reason }) => `${status[code]} ${reason}`);
}

test("what a data center made and did not hand on is waited for until somebody says that it is lost, and then made again", async () => {
  await using data = await temporaryDirectory();
  const names: string[] = [];
  {
    await using a = await startServer(data.path, ["--locality", "dc-a/z1"]);
    for (const rows of [3, 4]) {
      const name = await createOne(a.client, "wide", { rows });
      assert.equal((await a.client.waitForEnd(name)).state, State.SUCCEEDED);
      names.push(name);
    }
  }
  const [lost = "", kept = ""] = names;
  const [, tenant = "", , id = ""] = lost.split("/");
  await rm(join(data.path, "objects", tenant, id), { recursive: true });
  {
    await using b = await startServer(data.path, ["--locality", "dc-b/z1"]);
    assert.deepEqual(await answers(b.client, lost), Array(2).fill("UNAVAILABLE ARTIFACT_NOT_HERE_YET"));
    assert.equal((await failure(b.client.retryReport({ name: lost }))).reason, "NOTHING_TO_RETRY");
  }
  const flags = ["--locality", "dc-b/z1", "--lost-datacenters", "dc-c,dc-a", "--metrics", "127.0.0.1:0"];
  await using b = await startServer(data.path, flags);
  assert.deepEqual(await answers(b.client, lost), Array(2).fill("DATA_LOSS ARTIFACT_LOST"));
  const metrics = await (await fetch(`http://${b.metrics}/metrics`)).text();
  assert.match(metrics, /^report_artifacts_not_here_total\{datacenter="dc-a",why="lost"\} 2$/m);
  // What was copied is no worse for it.
  assert.equal((await failure(b.client.retryReport({ name: kept }))).reason, "NOTHING_TO_RETRY");
  assert.ok((await b.client.fetchReport(kept, Format.CSV)).length > 0);

  await b.client.retryReport({ name: lost });
  const again = await b.client.waitForEnd(lost);
  assert.deepEqual(
    [again.state, again.attempts.map(({ datacenter }) => datacenter)],
    [State.SUCCEEDED, ["dc-a", "dc-b"]],
  );
  assert.equal((await b.client.fetchReport(lost, Format.CSV)).toString().trim().split("\n").length, 4);
  assert.equal((await failure(b.client.retryReport({ name: lost }))).reason, "NOTHING_TO_RETRY");
});

test("what was sent to a data center that is lost and not handed on is not waited for: a report that needs it fails at once", async () => {
  await using data = await temporaryDirectory();
  const bytes = Buffer.from("region,target\neu,7\n");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = { parent: "tenants/acme", mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
  const send = async ({ client }: { client: ReportClient }) => {
    const { value: upload } = await client.createUpload(announced);
    const sent = await fetch(upload.putUrl, { method: "PUT", headers: upload.headers, body: bytes });
    assert.equal(sent.status, 200);
    return upload.name;
  };
  const names: string[] = [];
  {
    await using a = await startServer(data.path, ["--locality", "dc-a/z1"]);
    names.push(await send(a), await send(a));
    await a.client.completeUpload(names[0] ?? "");
  }
  const [complete = "", incomplete = ""] = names;
  await rm(join(data.path, "objects", "acme", "uploads"), { recursive: true });
  await using b = await startServer(data.path, ["--locality", "dc-b/z1", "--lost-datacenters", "dc-a"]);
  const { code, reason } = await failure(b.client.completeUpload(incomplete));
  assert.equal(`${status[code]} ${reason}`, "FAILED_PRECONDITION UPLOAD_MISSING");

  const order = (upload: string) => ({
    parent: "tenants/acme",
    report: { kind: "reportKinds/targets", uploads: [upload] },
  });
  const made = async (upload: string) =>
    b.client.waitForEnd(reportNameOf((await b.client.createReport(order(upload))).value));
  const failed = await made(complete);
  assert.deepEqual([failed.state, failed.attempts.length], [State.FAILED, 1]);
  assert.match(failed.error?.message ?? "", /sent to dc-a, which is lost, .* upload them again and create the report/);
  const again = await send(b);
  await b.client.completeUpload(again);
  assert.equal((await made(again)).state, State.SUCCEEDED);
});
