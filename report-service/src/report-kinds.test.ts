import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { createOne } from "../test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";

const shipped = fileURLToPath(new URL("../kinds", import.meta.url));

test("the kinds that come with the program agree with one another over the sample, whatever they are written in", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--kinds", shipped]);

  const whose = { customer: "customer-01203", month: "2025-08-01" };
  const lines = await rowsOf(server, "usage-invoice", whose);
  const invoice = await rowsOf(server, "tiered-invoice", { ...whose, taxPercent: 10 });
  const total = invoice.at(-1);
  const gross = lines.reduce((sum, { amount }) => sum + Number(amount), 0);
  assert.ok(lines.length > 0 && total?.["item"] === "Total", JSON.stringify({ lines, invoice }));
  assert.equal(Number(total["gross"]).toFixed(2), gross.toFixed(2));
  const net = Number(total["gross"]) - Number(total["discount"]);
  assert.ok(Math.abs(Number(total["net"]) - net * 1.1) < 0.01, JSON.stringify(invoice));

  const cohorts = await rowsOf(server, "customer-cohorts", { months: 1 });
  const [first] = cohorts;
  assert.deepEqual([first?.["cohort"], first?.["months_later"], Number(first?.["share"])], ["2025-01-01", 0, 1]);
  const customers = cohorts.filter((row) => row["months_later"] === 0).map((row) => Number(row["customers"]));
  // Each of the sample's customers is in one cohort.
  assert.ok(Math.abs(customers.reduce((sum, one) => sum + one, 0) - 5_000) < 50);
});

async function rowsOf(
  { client }: ServerProcess,
  kind: string,
  parameters: object,
): Promise<readonly Record<string, unknown>[]> {
  const report = await client.waitForEnd(await createOne(client, kind, parameters), { timeoutMs: 60_000 });
  assert.equal(report.state, State.SUCCEEDED, report.error?.message);
  return JSON.parse((await client.fetchReport(report.name, Format.JSON)).toString());
}
