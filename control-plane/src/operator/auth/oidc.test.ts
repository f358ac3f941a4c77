import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { generateKeyPair, SignJWT } from "jose";
import type { OidcSettings } from "../../model/oidc-settings.ts";
import type { AuthNote } from "./auth-note.ts";
import { openOidc } from "./open-oidc.ts";
import { startTestIssuer } from "./testing-issuer.ts";

const roles: OidcSettings["roles"] = [
  { value: "ops", role: "admin", services: [], datacenters: ["*"] },
  { value: "team-report", role: "shifter", services: ["report"], datacenters: ["dc-a"] },
  { value: "team-bill", role: "shifter", services: ["bill-*"], datacenters: ["dc-b"] },
  { value: "staff", role: "viewer", services: [], datacenters: ["*"] },
];
const programs = {
  root: { groups: ["staff", "ops"] },
  ana: { groups: ["staff", "team-report", "team-bill"], email: "ana@example.org" },
  stranger: { groups: ["others"] },
};

/** A real provider, and a server's view of it whose clocks the test sets. */
async function start(more: Partial<OidcSettings> = {}) {
  const provider = await startTestIssuer({ programs });
  const notes: AuthNote[] = [];
  let aheadMs = 0;
  const open = (given: Partial<OidcSettings> = {}) =>
    openOidc(
      {
        ...{ issuer: provider.issuer, audience: "weir", algorithms: ["RS256", "ES256"], clockToleranceMs: 10_000 },
        ...{ nameFrom: "sub", rolesFrom: "groups", roles, login: undefined, ...more, ...given },
      },
      {
        observe: (note) => notes.push(note),
        now: () => new Date(Date.now() + aheadMs),
        monotonicMs: () => performance.now() + aheadMs,
      },
    );
  const oidc = open();
  return {
    ...{ provider, notes, open },
    /** What the server makes of a token: `known`, or the reason why not. */
    async verdict(token: string, by = oidc) {
      const verdict = await by.whose(token);
      return verdict.kind === "refused" ? `${verdict.code} ${verdict.reason}` : verdict.kind;
    },
    whose: oidc.whose,
    passes(ms: number) {
      aheadMs += ms;
    },
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  };
}

const parts = (token: string) => token.split(".") as [string, string, string];
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;

test("who has a token of the provider is who it says, with the roles of his groups", async () => {
  await using weir = await start();
  const { issuer } = weir.provider;
  assert.deepEqual(await weir.whose(await weir.provider.tokenOf("root")), {
    kind: "known",
    principal: {
      ...{ name: "root", role: "admin", services: [], datacenters: ["*"] },
      ...{ knownBy: "oidc", subject: `${issuer} root` },
    },
  });
  const ana = await weir.whose(await weir.provider.tokenOf("ana", { alg: "ES256" }));
  assert.deepEqual(ana.kind === "known" && [ana.principal.role, ana.principal.services, ana.principal.also], [
    "shifter",
    ["report"],
    [{ services: ["bill-*"], datacenters: ["dc-b"] }],
  ]);
  const stranger = await weir.whose(await weir.provider.tokenOf("stranger"));
  assert.deepEqual(stranger.kind === "refused" && [stranger.code, stranger.says], [
    403,
    "stranger has no role here: nothing in the token's claim groups is in admin.auth.oidc.roles",
  ]);
  const byEmail = weir.open({ nameFrom: "email" });
  const named = await byEmail.whose(await weir.provider.tokenOf("ana"));
  assert.deepEqual(named.kind === "known" && [named.principal.name, named.principal.subject], [
    "ana@example.org",
    `${issuer} ana`,
  ]);
  assert.equal(await weir.verdict(await weir.provider.tokenOf("root"), byEmail), "401 TOKEN_CLAIMS");
});

test("what is meant for others, came from others, is over or not yet begun is refused, and says why", async () => {
  await using weir = await start();
  await using other = await startTestIssuer({ programs });
  const token = await weir.provider.tokenOf("root");
  assert.equal(await weir.verdict(await weir.provider.tokenOf("root", { audience: "shop" })), "401 TOKEN_AUDIENCE");
  assert.equal(await weir.verdict(await other.tokenOf("root")), "401 TOKEN_ISSUER");
  assert.equal(await weir.verdict(token, weir.open({ algorithms: ["ES256"] })), "401 TOKEN_ALGORITHM");
  // Ten seconds of what clocks may differ by are allowed.
  weir.passes(3_605_000);
  assert.equal(await weir.verdict(token), "known");
  weir.passes(10_000);
  assert.equal(await weir.verdict(token), "401 TOKEN_EXPIRED");
});

test("a token that was changed, signed by another key, by none or by the public key as a secret is refused", async () => {
  await using weir = await start();
  const { issuer } = weir.provider;
  const token = await weir.provider.tokenOf("stranger");
  const [header, claims, signature] = parts(token);
  const raised = encoded({ ...decoded(claims), groups: ["ops"] });
  assert.equal(await weir.verdict(`${header}.${raised}.${signature}`), "401 TOKEN_SIGNATURE");
  assert.equal(await weir.verdict(`${header}.${claims}.`), "401 TOKEN_SIGNATURE");
  const none = encoded({ ...decoded(header), alg: "none" });
  assert.equal(await weir.verdict(`${none}.${raised}.`), "401 TOKEN_ALGORITHM");
  assert.equal(await weir.verdict(`${none}.${raised}.${signature}`), "401 TOKEN_ALGORITHM");
  // CVE-2015-9235: the public key, in the forms in which it can be had, as the secret of an HMAC.
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { readonly keys: readonly object[] };
  const confused = encoded({ ...decoded(header), alg: "HS256" });
  for (const secret of keys.map((key) => JSON.stringify(key))) {
    const mac = createHmac("sha256", secret).update(`${confused}.${raised}`).digest("base64url");
    assert.equal(await weir.verdict(`${confused}.${raised}.${mac}`), "401 TOKEN_ALGORITHM");
  }
  const { privateKey } = await generateKeyPair("RS256");
  const sign = (kid: string, more: object = {}, claimed: object = {}) =>
    new SignJWT({ ...decoded(claims), ...claimed }).setProtectedHeader({ alg: "RS256", kid, ...more }).sign(privateKey);
  assert.equal(await weir.verdict(await sign(String(decoded(header)["kid"]))), "401 TOKEN_SIGNATURE");
  assert.equal(await weir.verdict(await sign("of nobody")), "401 TOKEN_KEY");
  assert.equal(await weir.verdict(await sign("x", { typ: "logout+jwt" })), "401 TOKEN_TYPE");
  assert.equal(await weir.verdict(await sign("x", {}, { events: {} })), "401 TOKEN_TYPE");
  assert.equal(await weir.verdict(await sign("x", {}, { cnf: { jkt: "x" } })), "401 TOKEN_BOUND");
  // A key in the token itself, or an address of one, is never used.
  assert.equal(await weir.verdict(await sign("x", { jku: "http://127.0.0.1:1/jwks" })), "401 TOKEN_KEY");
  for (const odd of ["a.b.c", `${header}.${claims}`, `${encoded([])}.${claims}.x`, `${header}.${encoded([1])}.x`])
    assert.equal(await weir.verdict(odd), "401 TOKEN_MALFORMED", odd);
});

test("a key that the provider took into use is found, one that it gave up counts no more, and nobody makes it be asked often", async () => {
  await using weir = await start();
  const before = await weir.provider.tokenOf("root");
  assert.equal(await weir.verdict(before), "known");
  assert.equal(weir.provider.keysAsked(), 1);
  await weir.provider.rotate();
  const after = await weir.provider.tokenOf("root");
  // Within 30 s of the last look there is no other.
  for (let n = 0; n < 20; n++) assert.equal(await weir.verdict(after), "401 TOKEN_KEY");
  assert.equal(weir.provider.keysAsked(), 1);
  weir.passes(31_000);
  assert.deepEqual(await Promise.all([after, after, after].map((each) => weir.verdict(each))), Array(3).fill("known"));
  assert.equal(weir.provider.keysAsked(), 2);
  assert.equal(await weir.verdict(before), "401 TOKEN_KEY");
  await weir.provider.rotate();
  weir.passes(590_000);
  assert.equal(await weir.verdict(after), "known");
  // After ten minutes all are asked for again.
  weir.passes(11_000);
  assert.equal(await weir.verdict(after), "401 TOKEN_KEY");
});

test("without the provider nobody new is let in, and keys that are known go on counting", async () => {
  await using weir = await start();
  const token = await weir.provider.tokenOf("root");
  assert.equal(await weir.verdict(token), "known");
  await weir.provider.close();
  const late = weir.open();
  assert.equal(await weir.verdict(token, late), "503 ISSUER_UNREACHABLE");
  const said = await late.whose(token);
  assert.match(said.kind === "refused" ? said.says : "", /^http:\/\/127.* cannot be asked for its keys: .*; try again/);
  weir.passes(605_000);
  assert.equal(await weir.verdict(token), "known");
  const { length: away } = weir.notes.filter(({ kind }) => kind === "issuer-away");
  assert.ok(away >= 2, JSON.stringify(weir.notes));

  await weir.provider.open();
  await weir.provider.rotate({ keepOld: true });
  weir.passes(6_000);
  for (const by of [undefined, late])
    for (const each of [token, await weir.provider.tokenOf("root")])
      assert.equal(await weir.verdict(each, by), "known");
  assert.equal(weir.notes.at(-1)?.kind, "issuer-keys-read");
});
