import assert from "node:assert/strict";
import { test } from "node:test";
import type { Peer } from "../ports/authenticator.ts";
import { trustCertificate, trustHeader, trustLoopback } from "./authenticators.ts";

const peer: Peer = { address: undefined, header: () => undefined, subjectAltName: () => undefined };

test("the word of this machine is taken, and of no other", async () => {
  for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]) {
    assert.deepEqual(await trustLoopback({ ...peer, address }), { kind: "anyone" }, address);
  }
  for (const address of ["10.0.0.1", "::ffff:10.0.0.1", "127.evil.example", "fe80::1", undefined]) {
    assert.equal((await trustLoopback({ ...peer, address })).kind, "stranger", address);
  }
});

test("a header names the tenant, and without one nobody calls", async () => {
  const say = (value: string | undefined) => trustHeader("x-tenant")({ ...peer, header: () => value });
  assert.deepEqual(await say("acme"), { kind: "tenant", tenant: "acme" });
  assert.equal((await say(undefined)).kind, "stranger");
  assert.equal((await say("acme/reports/x")).kind, "stranger");
});

test("a certificate names its tenant by its one SPIFFE id", async () => {
  const say = (subjectAltName: string | undefined) =>
    trustCertificate({ ...peer, subjectAltName: () => subjectAltName });
  const id = "URI:spiffe://weir.example/tenant/acme";
  assert.deepEqual(await say(`DNS:x, ${id}`), { kind: "tenant", tenant: "acme" });
  for (const wrong of [
    undefined,
    "DNS:acme",
    `${id}, URI:spiffe://weir.example/tenant/other`,
    "URI:https://weir.example/tenant/acme",
    `${id}/x`,
    `${id}%2e`,
    `DNS:"x, ${id}"`,
  ]) {
    assert.equal((await say(wrong)).kind, "stranger", wrong);
  }
});
