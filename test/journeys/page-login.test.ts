import assert from "node:assert/strict";
import { test } from "node:test";
import { logins } from "../../control-plane/src/operator/auth/logins.ts";
import { openOidc } from "../../control-plane/src/operator/auth/open-oidc.ts";
import { startTestIssuer } from "../../control-plane/src/operator/auth/testing-issuer.ts";
import { startOperator } from "../../control-plane/src/operator/operator-server.ts";
import { startTestParts } from "../../control-plane/src/operator/testing.ts";
import { openPage, withoutBrowser } from "../kit/browser.ts";

test("a browser logs in on the page by an OpenID provider, and comes back to where it was", {
  skip: withoutBrowser,
}, async () => {
  const people = { ana: { groups: ["staff"] } };
  await using provider = await startTestIssuer({ programs: {}, people, redirectTo: "http://127.0.0.1/" });
  await using weir = await startTestParts();
  const oidc = openOidc(
    {
      ...{ issuer: provider.issuer, audience: "weir-page", algorithms: ["RS256"], clockToleranceMs: 0 },
      ...{ nameFrom: "sub", rolesFrom: "groups" },
      roles: [{ value: "staff", role: "viewer", services: [], datacenters: ["*"] }],
      login: { clientId: "weir-page", scopes: ["openid"], shows: "id-token" },
    },
    { observe: () => undefined, now: () => new Date(), monotonicMs: () => performance.now() },
  );
  await using operator = await startOperator({
    ...{ listen: { host: "127.0.0.1", port: 0 }, hosts: [], parts: weir.parts, observe: () => undefined },
    ...{ tokens: logins({ tokens: undefined, oidc }), login: oidc.login },
  });
  const address = `http://127.0.0.1:${operator.port}/`;
  await using opened = await openPage(`${address}#changes`);
  const { page } = opened;
  await page.getByRole("button", { name: /^Log in at 127\.0\.0\.1/ }).click();
  await page.locator('input[name="login"]').fill("ana");
  await page.locator('input[name="password"]').fill("x");
  await page.locator('button[type="submit"]').click();
  await page.getByRole("button", { name: /continue/i }).click();
  await page.waitForURL(`${address}#changes`);
  await page.getByText("This control plane asks who you are").waitFor({ state: "detached" });
  const who = await page.evaluate(
    'fetch("/v1/whoami", {headers: {authorization: "Bearer " + sessionStorage.getItem("weir.token")}}).then((answer) => answer.json())',
  );
  assert.deepEqual(who, {
    ...{ name: "ana", role: "viewer", services: [], datacenters: [], knownBy: "oidc" },
    subject: `${provider.issuer} ana`,
  });
  assert.deepEqual(opened.complaints, []);
});
