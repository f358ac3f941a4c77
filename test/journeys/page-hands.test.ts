import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Format } from "@weir/proto/report/v1/report_pb.ts";
import { startServer, temporaryDirectory } from "@weir/report-service/test/server-process.ts";
import { type OpenPage, openPage, withoutBrowser } from "../kit/browser.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { watchEndpoints } from "../load/endpoint-watcher.ts";

/** Keeps a picture where WEIR_SCREENSHOTS names a folder for them; docs/images is made so. */
async function keepPicture({ page }: OpenPage, name: string): Promise<void> {
  const folder = process.env["WEIR_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Endpoints that nobody calls: what is done on the page is about what clients are told. */
const documents = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  protocol: GRPC
  hosts: [report]
  capacity: {rpsPerEndpoint: 25}
  endpoints:
    - static:
        - {address: "127.0.0.1:9001", locality: dc-a/z1}
        - {address: "127.0.0.1:9002", locality: dc-b/z1}
        - {address: "127.0.0.1:9003", locality: dc-c/z1}
---
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
  expectedRps: {dc-a: 60}
  rules:
    - {from: "*", to: {dc-a: 70, dc-b: 30}, failover: [dc-c]}
`;

type Drains = { readonly rows: readonly { readonly mode: string; readonly expiresInSeconds: number }[] };

test("a data center is drained, the drain extended and ended, shares are moved in steps, and reports seen to, all on the page", {
  skip: withoutBrowser,
  timeout: 240_000,
}, async () => {
  await using data = await temporaryDirectory();
  await using reports = await startServer(data.path);
  const args = ["--reports-address", reports.address, "--reports-tenant", "acme"];
  await using weir = await startWeir({ documents: { "report.yaml": documents }, args });
  using client = watchEndpoints(weir.xds, ["report"]);
  await client.has("report", { all: 3 });
  const drains = async () => ((await weir.api("GET", "/v1/drains")).body as Drains).rows;
  await using open = await openPage(`http://${weir.admin}/`);
  const { page } = open;
  const narrow = async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    // It is drawn anew for the new width with the next frame.
    const fits = async () => Number(await page.evaluate("document.documentElement.scrollWidth")) <= 390;
    await until(fits, { within: 30_000, what: "everything fits into 390 pixels" });
    await page.setViewportSize({ width: 1280, height: 800 });
  };

  // A drain: what would be left is shown before it begins, and a reason is needed.
  await page.getByRole("button", { name: "Drain dc-a…" }).click();
  const form = page.getByRole("form", { name: "Drain dc-a" });
  const look = form.getByRole("button", { name: "What would be left?" });
  assert.equal(await look.isDisabled(), true, "a reason is missing");
  await form.getByLabel("Why").fill("CHG-4711: switches");
  await form.getByLabel("For how long").fill("2 hours");
  await look.click();
  await form.getByText(/expected a duration such as/).waitFor();
  await form.getByLabel("For how long").fill("2h");
  await look.click();
  await form.getByRole("row", { name: /dc-b/ }).waitFor();
  assert.deepEqual(await drains(), [], "to look changes nothing");
  // What is left does not suffice: nothing is done unless that is forced.
  await form.getByText("Too little:").waitFor();
  const now = form.getByRole("button", { name: "Drain dc-a now" });
  assert.equal(await now.isDisabled(), true);
  await form.getByLabel("Do it all the same").check();
  assert.deepEqual(await open.seriousFindings(), []);
  await keepPicture(open, "page-drain");
  await narrow();
  await now.press("Enter");
  const banner = page.getByRole("group", { name: "dc-a is drained" });
  await banner.getByText(/CHG-4711: switches\. 1h 59m left/).waitFor();
  await banner.getByRole("button", { name: "Extend…" }).click();
  const longer = page.getByRole("form", { name: "Extend dc-a" });
  await longer.getByLabel("For how long from now").fill("5h");
  await longer.getByRole("button", { name: "What would be left?" }).click();
  await longer.getByRole("button", { name: "Extend dc-a now" }).click();
  await banner.getByText(/4h 59m left/).waitFor();
  assert.equal((await drains()).length, 1);
  await banner.getByRole("button", { name: "Undrain" }).click();
  await until(async () => (await drains()).length === 0, { within: 30_000, what: "no drain" });
  await banner.waitFor({ state: "detached" });

  // A shift: planned, then begun in steps.
  await page.getByLabel("Share of dc-a in percent").fill("20");
  await page.getByLabel("Share of dc-b in percent").fill("80");
  await page.getByRole("button", { name: "Plan", exact: true }).click();
  await page.getByText(/resources? of xDS/).click();
  await page.locator(".diff ins").first().waitFor();
  await page.getByRole("button", { name: "Apply in steps…" }).click();
  const steps = page.getByRole("group", { name: "Apply in steps" });
  await steps.getByText("5 steps: 20 %, 40 %, 60 %, 80 %, 100 % of the way.").waitFor();
  await steps.getByLabel("Points at once").fill("25");
  await steps.getByText("2 steps: 50 %, 100 % of the way.").waitFor();
  await steps.getByLabel("Kept for").fill("10m");
  await page.getByLabel("Why").fill("CHG-4712");
  assert.deepEqual(await open.seriousFindings(), []);
  await keepPicture(open, "page-steps");
  await steps.getByRole("button", { name: "Begin the shift" }).click();
  await page.getByText("1 of 2: 50 %").waitFor();
  await page.getByText(/Guarded: error-rate at most 0.01/).waitFor();
  await page.getByRole("button", { name: "Abort" }).click();
  await page.getByText(/: aborted, /).waitFor();

  // Reports: queues, a timeline, stopping, making again, fetching.
  const order = async (kind: string, parameters: Record<string, number> = {}) =>
    (
      await reports.client.createReport({ parent: "tenants/acme", report: { kind: `reportKinds/${kind}`, parameters } })
    ).value.name
      .split("/")
      .at(-1) ?? "";
  const wide = await order("wide", { rows: 3 });
  await reports.client.waitForEnd(`tenants/acme/reports/${wide}`);
  const slow = await order("slow");
  await order("slow");
  await page.keyboard.press("6");
  await page.getByRole("row", { name: /^sql 1 .* 1 1 of 1 busy closed/ }).waitFor();
  await page.getByRole("link", { name: slow.slice(-8) }).click();
  const opened = page.getByRole("region", { name: `Report ${slow}` });
  await opened.getByText(/attempt 1 by .*sql, dc-a/).waitFor();
  await opened.getByRole("button", { name: "Stop it…" }).click();
  await opened.getByLabel("Why (its tenant reads it)").fill("too dear");
  assert.deepEqual(await open.seriousFindings(), []);
  await keepPicture(open, "page-reports");
  await narrow();
  // Its progress may have changed it since it was read: then it is read again.
  await opened.getByRole("button", { name: "Stop the report" }).click();
  await opened.getByText("■ cancelled").waitFor();
  await opened.getByRole("button", { name: "Make it again…" }).click();
  await opened.getByRole("button", { name: "Make it again", exact: true }).click();
  await opened.getByText(/again: .*too dear/).waitFor();
  await page.getByRole("link", { name: "succeeded", exact: true }).click();
  await page.getByRole("link", { name: wide.slice(-8) }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: /^Download csv/ }).click(),
  ]);
  assert.equal(file.suggestedFilename(), `${wide}.csv`);
  const text = await readFile(await file.path(), "utf8");
  assert.equal(text, (await reports.client.fetchReport(`tenants/acme/reports/${wide}`, Format.CSV)).toString());
  // Gone: what was seen stays, with its age.
  await reports.end("SIGKILL");
  await page.getByText("Reports cannot be seen:").waitFor();
  await page.getByText(/What you see is \d+s old/).waitFor();
  assert.equal(await page.getByRole("link", { name: wide.slice(-8) }).isVisible(), true);
  assert.deepEqual(await open.seriousFindings(), []);
  assert.deepEqual(open.complaints, []);
});
