import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readCredentials } from "./credentials.ts";

test("a pod's service account is a token and an authority in a folder", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-account-"));
  await writeFile(join(folder.path, "token"), "abc\n");
  await writeFile(join(folder.path, "ca.crt"), "PEM");
  const access = { kind: "in-cluster", server: "https://10.0.0.1:443", folder: folder.path } as const;
  assert.deepEqual(await readCredentials(access), {
    server: "https://10.0.0.1:443",
    authorities: "PEM",
    certificate: undefined,
    key: undefined,
    token: "abc",
    serverName: undefined,
    verify: true,
  });
});

test("a kubeconfig leads to its files, and the file of a token counts before its text", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-kubeconfig-"));
  const file = join(folder.path, "config");
  const text = `
contexts: [{name: a, context: {cluster: one, user: me}}]
clusters: [{name: one, cluster: {server: "https://a:6443", certificate-authority: ca.crt}}]
users: [{name: me, user: {token: old, tokenFile: token}}]
`;
  await writeFile(file, text);
  await writeFile(join(folder.path, "ca.crt"), "PEM");
  const access = { kind: "kubeconfig", file, context: "a" } as const;
  await assert.rejects(readCredentials(access), /token cannot be read: ENOENT/);
  await writeFile(join(folder.path, "token"), "new\n");
  const { authorities, token } = await readCredentials(access);
  assert.deepEqual([authorities, token], ["PEM", "new"]);
  await assert.rejects(readCredentials({ ...access, context: "b" }), /config: contexts: has no "b": expected a$/);
});
