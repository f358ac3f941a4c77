import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { connectedClient } from "../serve/testing.ts";
import { redacted } from "./redacted.ts";
import { startTestCli } from "./testing.ts";

const canary = "s3cr3t-canary-4711";

test("a bug report is an archive of what the server says of itself, without secrets", async () => {
  await using weir = await startTestCli();
  const service = `apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: report}\nspec: {protocol: GRPC, endpoints: [{registry: {}}]}\n`;
  await weir.pipe(service, "apply", "-f", "-", "--reason", `used token=${canary}`);
  weir.clients.add(connectedClient({ identity: { nodeId: "edge-1" } }));
  const dry = await weir.run("bug-report", "--dry-run");
  assert.match(dry.out, /^version\.json +versions \(GET \/version\)\n/);
  const file = join(weir.dir, "report.tar.gz");
  const { code, out, err } = await weir.run("bug-report", "--file", file);
  assert.equal(code, 0, err);
  assert.match(out, /report\.tar\.gz: \d+ files\n/);
  const tar = (...args: readonly string[]) => execFileSync("tar", [...args], { encoding: "utf8" });
  const names = tar("-tzf", file).trim().split("\n");
  for (const name of ["version.json", "revisions.json", "services.json", "clients/1-edge-1.json", "metrics.txt"])
    assert.ok(names.includes(name), name);
  assert.equal((JSON.parse(tar("-xzOf", file, "services.json")) as { revision: number }).revision, 1);
  assert.ok(!tar("-xzOf", file).includes(canary));
  assert.equal((await weir.run("bug-report", "--file", file)).code, 2, "nothing is written over");
});

test("what looks like a secret is left out, and what only tells where it is stays", () => {
  const found = JSON.stringify(
    redacted({
      token: canary,
      consulToken: canary,
      tokenFile: "/etc/weir/token",
      private_key: { inline_bytes: canary, filename: "/etc/key.pem" },
      headers: [`Authorization: Bearer ${canary}`],
      where: `postgres://weir:${canary}@db:5432/x`,
      pem: `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----`,
      reason: `password=${canary}`,
      tokens: 3,
    }),
  );
  assert.ok(!found.includes(canary), found);
  for (const kept of ["/etc/weir/token", "/etc/key.pem", "@db:5432/x", '"tokens":3'])
    assert.ok(found.includes(kept), found);
});
