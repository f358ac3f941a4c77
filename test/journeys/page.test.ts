import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { newToken, tokenHash } from "../../control-plane/src/operator/auth/new-token.ts";
import { inBackground } from "../kit/background.ts";
import { type OpenPage, openPage, withoutBrowser } from "../kit/browser.ts";
import { makeFolder } from "../kit/folder.ts";
import { type Scene, seventyThirty, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";

type Split = { readonly spec: { readonly rules: readonly { readonly to: Readonly<Record<string, number>> }[] } };

const addressOf = ({ admin }: Weir) => `http://${admin}/`;

async function sharesOf({ weir }: Scene): Promise<Readonly<Record<string, number>> | undefined> {
  return ((await weir.api("GET", "/v1/trafficSplits/report")).body as Split).spec.rules[0]?.to;
}

/** What the page says that callers send to a data center, in percent. */
async function observedOn({ page }: OpenPage, place: string): Promise<number> {
  const text = await page
    .getByRole("group", { name: place, exact: true })
    .locator(".meter.observed .value")
    .innerText();
  return Number(/([\d.]+) %/.exec(text)?.[1] ?? Number.NaN);
}

/** Requests through both clients, as long as somebody looks. */
function traffic({ throughEdge, proxyless }: Scene) {
  const wanted = { perSecond: 60, forMs: 1_000 };
  return inBackground(async (stopped) => {
    while (!stopped()) await Promise.all([throughEdge.sendAtRate(wanted), proxyless.sendAtRate(wanted)]);
  });
}

/** Keeps a picture where WEIR_SCREENSHOTS names a folder for them; docs/images is made so. */
async function keepPicture({ page }: OpenPage, name: string, fullPage = false): Promise<void> {
  const folder = process.env["WEIR_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}

test("shares are seen, planned, applied and observed on the page, and taken back there", {
  skip: withoutBrowser,
  timeout: 240_000,
}, async () => {
  await using scene = await startScene();
  await using _traffic = traffic(scene);
  await using open = await openPage(addressOf(scene.weir));
  const { page } = open;
  const near = (place: string, percent: number) =>
    until(async () => Math.abs((await observedOn(open, place)) - percent) < 8, {
      within: 60_000,
      what: `about ${percent} % for ${place}`,
    });
  await near("dc-a", 70);
  await near("dc-b", 30);
  assert.match(await page.locator("svg").innerHTML(), /standby 1/);
  await keepPicture(open, "page-traffic");

  await page.getByLabel("Share of dc-a in percent").fill("20");
  assert.equal(
    await page.getByRole("button", { name: "Plan", exact: true }).isDisabled(),
    true,
    "20 and 30 are no 100",
  );
  await page.getByRole("button", { name: "Make it 100" }).click();
  assert.equal(await page.getByLabel("Share of dc-b in percent").inputValue(), "80");
  await page.getByRole("button", { name: "Plan", exact: true }).click();
  await page.locator(".plan").getByText("2 of 2 clients").waitFor();
  await keepPicture(open, "page-plan");
  assert.deepEqual(await open.seriousFindings(), []);
  assert.deepEqual(await sharesOf(scene), { "dc-a": 70, "dc-b": 30 }, "a plan changes nothing");
  await page.getByLabel("Why").fill("dc-a is being rewired – CHG-4711");
  await page.getByRole("button", { name: "Apply now" }).click();
  await page.getByText("Applied as revision 2").first().waitFor();
  assert.deepEqual(await sharesOf(scene), { "dc-a": 20, "dc-b": 80 });
  await near("dc-a", 20);
  await near("dc-b", 80);

  // Back to a moment before the change, as far as the pointer, and the keyboard, can go.
  const moment = page.getByLabel(/^Moment to be shown/);
  await page.getByText("As a table").click();
  await page.getByRole("row", { name: /update TrafficSplit report \(dc-a is being rewired/ }).waitFor();
  await moment.focus();
  await page.keyboard.press("Home");
  await page.getByText(/^This is what it was at .* with revision r1/).waitFor();
  assert.match(page.url(), /[?&]at=\d+/);
  assert.deepEqual(await open.seriousFindings(), []);
  await keepPicture(open, "page-replay", true);
  await page.getByRole("button", { name: "Back to now" }).click();
  await page.getByText(/^Observed by the load reports/).waitFor();

  await page.keyboard.press("3");
  // The chart of the traffic may mark the change already.
  await page.getByText("dc-a is being rewired – CHG-4711").first().waitFor();
  await page.getByRole("link", { name: "r2" }).click();
  await page.getByText("+ spec.rules[0].to.dc-a: 20").waitFor();
  await keepPicture(open, "page-changes");
  await page.getByRole("link", { name: "r1" }).click();
  await page.getByLabel("Why").fill("rewired");
  await page.getByRole("button", { name: "Plan the way back" }).click();
  assert.deepEqual(await open.seriousFindings(), []);
  await page.getByRole("button", { name: "Go back to r1" }).click();
  await page.getByText("Went back to r1 as revision 3").waitFor();
  assert.deepEqual(await sharesOf(scene), { "dc-a": 70, "dc-b": 30 });

  await page.keyboard.press("2");
  await page.getByText("2 of 2 clients have").waitFor();
  await page.getByRole("link", { name: "dc-a/z1" }).first().click();
  await page.getByText("edge-1").waitFor();
  assert.deepEqual(await open.seriousFindings(), []);
  await page.keyboard.press("4");
  await page.getByRole("row", { name: /^registry/ }).waitFor();
  assert.deepEqual(await open.seriousFindings(), []);
  assert.deepEqual(open.complaints, []);
});

test("a shift that runs is seen, paused and aborted on the page", {
  skip: withoutBrowser,
  timeout: 120_000,
}, async () => {
  await using scene = await startScene();
  const steps = [{ setWeight: 50 }, { pause: "10m" }, { setWeight: 100 }];
  const begun = await scene.weir.api("POST", "/v1/trafficSplits/report:shift?reason=CHG-4711", {
    ...{ target: { "dc-a": 20, "dc-b": 80 }, steps },
  });
  assert.ok(begun.status < 300, JSON.stringify(begun.body));
  await using open = await openPage(addressOf(scene.weir));
  const { page } = open;
  await page.getByText("1 of 2: 50 %").waitFor();
  assert.equal(await page.getByLabel("Share of dc-a in percent").isDisabled(), true);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  assert.deepEqual(await open.seriousFindings(), []);
  await page.getByRole("button", { name: "Abort" }).click();
  await page.getByText(/: aborted, /).waitFor();
  assert.deepEqual(await sharesOf(scene), { "dc-a": 70, "dc-b": 30 });
  assert.deepEqual(open.complaints, []);
});

test("a change that somebody else made in between is not overwritten", {
  skip: withoutBrowser,
  timeout: 120_000,
}, async () => {
  await using scene = await startScene();
  await using open = await openPage(`${addressOf(scene.weir)}#traffic?service=report`);
  const { page } = open;
  await page.getByLabel("Share of dc-a in percent").fill("0");
  await page.getByLabel("Share of dc-b in percent").fill("100");
  await page.getByRole("button", { name: "Plan", exact: true }).click();
  await page.getByLabel("Why").fill("mine");
  const before = (await scene.weir.api("GET", "/v1/trafficSplits/report")).body as Split;
  const theirs = { ...before, spec: { ...before.spec, rules: [{ from: "*", to: { "dc-a": 50, "dc-b": 50 } }] } };
  await scene.weir.api("PUT", "/v1/trafficSplits/report", theirs);
  await page.getByRole("button", { name: "Apply now" }).click();
  await page.getByText(/changed since you read it/).waitFor();
  assert.deepEqual(await sharesOf(scene), { "dc-a": 50, "dc-b": 50 });
  await page.getByRole("button", { name: "Read it again" }).click();
  await until(async () => (await page.getByLabel("Share of dc-a in percent").inputValue()) === "50", {
    within: 30_000,
    what: "their shares in the editor",
  });
});

test("on a narrow dark screen everything fits, and is as good to read", {
  skip: withoutBrowser,
  timeout: 120_000,
}, async () => {
  await using scene = await startScene();
  await using _traffic = traffic(scene);
  await using open = await openPage(addressOf(scene.weir), { width: 390, height: 844, dark: true });
  await until(async () => (await observedOn(open, "dc-a")) > 50, { within: 60_000, what: "shares" });
  const wide = (await open.page.evaluate("document.documentElement.scrollWidth")) as number;
  assert.ok(wide <= 390, `${wide} pixels are wanted`);
  assert.deepEqual(await open.seriousFindings(), []);
  await keepPicture(open, "page-narrow", true);
});

test("who begins is told how, and who loses the control plane sees what was, with its age", {
  skip: withoutBrowser,
  timeout: 120_000,
}, async () => {
  await using weir = await startWeir({ documents: { "report.yaml": seventyThirty } });
  await using open = await openPage(addressOf(weir));
  const { page } = open;
  await page.getByRole("heading", { name: "No client is connected yet" }).waitFor();
  await page.getByText("weir bootstrap envoy").waitFor();
  assert.deepEqual(await open.seriousFindings(), []);
  await page.keyboard.press("3");
  await page.getByRole("link", { name: "r1" }).waitFor();

  await weir.kill();
  await page.getByText("The control plane does not answer").waitFor();
  await page.getByText(/^○ \ds old$/).waitFor();
  assert.equal(await page.getByRole("link", { name: "r1" }).isVisible(), true, "what was known stays");
  assert.deepEqual(await open.seriousFindings(), []);
  await weir.start();
  await page.getByText("● live").waitFor();
  assert.equal(await page.getByText("The control plane does not answer").count(), 0);
  assert.deepEqual(open.complaints, []);
});

test("where tokens are needed the page asks for one, and may then what that may", {
  skip: withoutBrowser,
  timeout: 120_000,
}, async () => {
  await using folder = await makeFolder("tokens");
  const token = newToken();
  await folder.write("tokens.yaml", `tokens: [{name: vera, role: viewer, sha256: ${tokenHash(token)}}]`);
  const args = ["--admin-auth-tokens", join(folder.path, "tokens.yaml")];
  await using weir = await startWeir({ documents: { "report.yaml": seventyThirty }, args });
  await using open = await openPage(`${addressOf(weir)}#changes`);
  const { page } = open;
  await page.getByRole("heading", { name: "This control plane asks who you are" }).waitFor();
  assert.deepEqual(await open.seriousFindings(), []);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("link", { name: "r1" }).waitFor();
  assert.equal(await page.getByLabel("Token").count(), 0);
  const second = seventyThirty.replaceAll("report", "billing");
  await weir.writeDocument("billing.yaml", second);
  await page.getByRole("link", { name: "r2" }).waitFor();
  await page.getByRole("link", { name: "r1" }).click();
  await page.getByText("vera may look and not change anything: a viewer.").waitFor();
  await page.getByLabel("Why").fill("because");
  assert.equal(await page.getByRole("button", { name: "Plan the way back" }).isDisabled(), true);
  assert.deepEqual(open.complaints, []);
});
