import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestIssuer } from "../src/operator/auth/testing-issuer.ts";
import { authorizationUrl, tokenFor } from "./oidc-login.ts";

/** What a browser does at the provider, as ana, until that sends it back. */
async function sentBack(address: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let [url, init]: [string, RequestInit] = [address, {}];
  for (let steps = 0; steps < 20; steps++) {
    if (url.startsWith("http://127.0.0.1/")) return new URL(url).searchParams;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, headers: { cookie }, redirect: "manual" });
    for (const each of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      cookies.set(name, value);
    }
    const to = response.headers.get("location");
    const text = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
    if (to !== null) [url, init] = [new URL(to, url).href, {}];
    else {
      const body = new URLSearchParams({ prompt: text.includes('name="login"') ? "login" : "consent", login: "ana" });
      if (action === undefined) throw new Error(`no form at ${url}: ${text.slice(0, 300)}`);
      [url, init] = [new URL(action, url).href, { method: "POST", body: `${body}&password=x` }];
      init = { ...init, body: new URLSearchParams(`${body}&password=x`) };
    }
  }
  throw new Error("the provider goes on asking");
}

test("the page logs in by PKCE at a real provider, and takes no answer that it did not ask for", async () => {
  const people = { ana: { groups: ["staff"] } };
  await using provider = await startTestIssuer({ programs: {}, people, redirectTo: "http://127.0.0.1/" });
  const way = {
    ...{ issuer: provider.issuer, clientId: "weir-page", scopes: ["openid"], shows: "id-token" as const },
    endpoints: { authorization: `${provider.issuer}/auth`, token: `${provider.issuer}/token` },
  };
  const begun = { state: "s".repeat(43), verifier: "v".repeat(43), way };
  const answer = await sentBack(await authorizationUrl(begun, "http://127.0.0.1/"));
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
