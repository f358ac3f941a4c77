import assert from "node:assert/strict";
import { test } from "node:test";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { createOne } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";

test("a report that waits says how far behind its tenant's others it is, and no longer once it runs", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--roles", "reports,results"]);
  const { client } = server;
  await createOne(client, "narrow", {}, "tenants/other");
  const names = [];
  for (const rows of [1, 2, 3]) names.push(await createOne(client, "wide", { rows }));
  const [first = "", , third = ""] = names;

  assert.equal((await client.getReport(first)).value.progress?.queuePosition, 1);
  assert.equal((await client.getReport(third)).value.progress?.queuePosition, 3);
  for await (const { report } of client.watchReport({ name: third })) {
    assert.deepEqual([report?.state, report?.progress?.queuePosition], [State.QUEUED, 3]);
    break;
  }
  await client.cancelReport({ name: first });
  assert.equal((await client.getReport(third)).value.progress?.queuePosition, 2);
  assert.equal((await client.getReport(first)).value.progress, undefined);
});
