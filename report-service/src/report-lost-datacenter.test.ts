import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { all, createOne, failure } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import type { ReportClient } from "./client.ts";

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
