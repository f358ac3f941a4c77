import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";

const reports = 60;

test("workers and writers that are killed, again and again, lose no result and write none twice", async () => {
  await using started = new AsyncDisposableStack();
  const own = started.use(await temporaryDirectory());
  const start = async (role: string): Promise<ServerProcess> => {
    const flags = ["--roles", role, "--languages", "sql", "--job-lease", "1s", "--log-level", "error"];
    return started.use(await startServer(own.path, flags));
  };
  const { client } = await start("reports,results");
  const requests = Array.from({ length: reports }, () => ({
    requestId: crypto.randomUUID(),
    report: { kind: "reportKinds/wide", parameters: { rows: 500 } },
  }));
  const { value } = await client.batchCreateReports({ parent: "tenants/acme", requests });
  const names = value.operations.map(reportNameOf);

  const seen = { begun: 0, ended: 0 };
  const heard = new EventEmitter();
  const follow = async (name: string): Promise<readonly number[]> => {
    const sequences: number[] = [];
    for await (const { sequence } of client.followReport(name)) {
      if (sequences.push(Number(sequence)) === 1) seen.begun += 1;
      heard.emit("event");
    }
    seen.ended += 1;
    heard.emit("event");
    return sequences;
  };
  const following = Promise.all(names.map(follow));
  const until = async (what: keyof typeof seen, count: number): Promise<void> => {
    while (seen[what] < count) await once(heard, "event");
  };
  await until("begun", reports);

  let [worker, writer] = [await start("worker"), await start("writer")];
  await until("ended", 5);
  await worker.end("SIGKILL");
  worker = await start("worker");
  await until("ended", 20);
  await writer.end("SIGKILL");
  writer = await start("writer");
  await until("ended", 35);
  await Promise.all([worker.end("SIGKILL"), writer.end("SIGKILL")]);
  await Promise.all([start("worker"), start("writer")]);

  for (const [index, sequences] of (await following).entries()) {
    assert.deepEqual(sequences, upTo(sequences.length), names[index]);
  }
  for (const name of names) {
    const report = (await client.getReport(name)).value;
    assert.equal(report.state, State.SUCCEEDED, name);
    assert.deepEqual(
      report.attempts.map(({ number }) => number),
      upTo(report.attempts.length),
    );
    assert.equal(report.attempts.filter(({ error }) => error === undefined).length, 1, name);
    // Its bytes are those whose SHA-256 was written.
    await client.fetchReport(name, Format.CSV);
  }
});

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
