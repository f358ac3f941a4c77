import assert from "node:assert/strict";
import { test } from "node:test";
import { logInAt } from "../src/operator/auth/testing-browser.ts";
import { startTestIssuer } from "../src/operator/auth/testing-issuer.ts";
import { authorizationUrl, tokenFor } from "./oidc-login.ts";

test("the page logs in by PKCE at a real provider, and takes no answer that it did not ask for", async () => {
  const people = { ana: { groups: ["staff"] } };
  await using provider = await startTestIssuer({ programs: {}, people, redirectTo: "http://127.0.0.1/" });
  const way = {
    ...{ issuer: provider.issuer, clientId: "weir-page", scopes: ["openid"], shows: "id-token" as const },
    endpoints: { authorization: `${provider.issuer}/auth`, token: `${provider.issuer}/token` },
  };
  const begun = { state: "s".repeat(43), verifier: "v".repeat(43), way };
  const sentBack = (url: string) => url.startsWith("http://127.0.0.1/");
  const back = await logInAt(await authorizationUrl(begun, "http://127.0.0.1/"), { until: sentBack });
  const answer = new URL(back).searchParams;
  const taken = (more: object, given = answer) => tokenFor({ ...begun, ...more }, given, "http://127.0.0.1/");
  await assert.rejects(taken({ state: "another" }), /not to what this tab asked/);
  await assert.rejects(
    taken({ way: { ...way, issuer: "https://other.example" } }),
    /not from https:\/\/other\.example/,
  );
  const refused = new URLSearchParams({ state: begun.state, error: "access_denied" });
  await assert.rejects(taken({}, refused), /says no: access_denied/);
  const token = await taken({});
  const claims = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as object;
  assert.deepEqual(
    { ...claims, iss: 0, iat: 0, exp: 0, at_hash: 0 },
    {
      ...{ sub: "ana", groups: ["staff"], aud: "weir-page" },
      ...{ iss: 0, iat: 0, exp: 0, at_hash: 0 },
    },
  );
  // A code counts once, and for who has the verifier.
  await assert.rejects(taken({}), /gave no token/);
});
