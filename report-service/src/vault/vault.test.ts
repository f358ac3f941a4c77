import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../test/server-process.ts";
import { type KeyRing, readKeyRing } from "./key-ring.ts";
import { createVault } from "./vault.ts";

test("what is sealed is opened where it belongs, and nowhere else", () => {
  const vault = createVault([ringKey("a")]);
  const sealed = vault.seal("secret", "report one");
  assert.equal(vault.open(sealed, "report one"), "secret");
  assert.doesNotMatch(JSON.stringify(sealed), /secret/);
  assert.throws(() => vault.open(sealed, "report two"), /report two was changed, or belongs to something else/);
  assert.notDeepEqual(vault.seal("secret", "report one"), sealed);
});

test("a bit that was flipped anywhere is noticed", () => {
  const vault = createVault([ringKey("a")]);
  const { keyId, text } = vault.seal("secret", "x");
  for (const [part, bytes] of text
    .split(".")
    .map((each) => Buffer.from(each, "base64"))
    .entries()) {
    for (let place = 0; place < bytes.length; place += 1) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      const parts = text.split(".");
      parts[part] = changed.toString("base64");
      assert.throws(() => vault.open({ keyId, text: parts.join(".") }, "x"), `byte ${place} of part ${part}`);
    }
  }
});

test("keys are rotated without writing anything again, and a key that is gone is named", () => {
  const [old, young] = [ringKey("old"), ringKey("young")];
  const [before, after] = [createVault([old]), createVault([young, old])];
  const sealed = before.seal("secret", "x");
  assert.equal(after.open(sealed, "x"), "secret");
  assert.equal(after.seal("more", "x").keyId, "young");
  assert.equal(after.fingerprint("text"), before.fingerprint("text"));
  assert.throws(
    () => createVault([young]).open(sealed, "x"),
    /sealed with the key old, which this server does not have/,
  );
});

test("a server that has not been restarted opens what another one has sealed with a new key", () => {
  const [old, young] = [ringKey("old"), ringKey("young")];
  let file: KeyRing = [old];
  const waiting = createVault(file, () => file);
  file = [young, old];
  const sealed = createVault(file).seal("secret", "x");
  assert.equal(waiting.open(sealed, "x"), "secret");
});

test("servers that start at once over no key file agree on one, which is only theirs to read", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "data", "keys");
  const rings = await Promise.all(Array.from({ length: 8 }, () => readKeyRing(path)));
  assert.equal(new Set(rings.map(([{ id }]) => id)).size, 1);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await writeFile(path, `${randomBytes(32).toString("base64")}\n${await readFile(path, "utf8")}`);
  const [young, old] = await readKeyRing(path);
  assert.notEqual(young.id, old?.id);
  assert.equal(old?.id, rings[0]?.[0].id);
});

test("a key that is none is refused without being shown", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "keys");
  await writeFile(path, "c2VjcmV0IGJ1dCBzaG9ydA==\n");
  await assert.rejects(
    readKeyRing(path),
    (error: Error) => /key 1 is not 32 bytes/.test(error.message) && !/c2Vj/.test(error.message),
  );
  await writeFile(path, "\n");
  await assert.rejects(readKeyRing(path), /holds no key/);
});

function ringKey(id: string) {
  return { id, key: createSecretKey(randomBytes(32)) };
}
