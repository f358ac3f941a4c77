import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../test/server-process.ts";
import type { TenantId } from "../model/names.ts";
import { openNotifySecrets } from "./notify-secrets.ts";

const [one, two] = [randomBytes(32), randomBytes(24)];
const written = (key: Buffer) => `whsec_${key.toString("base64")}`;

test("secrets are rotated by writing them down, and a file that is wrong changes nothing", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "secrets");
  await writeFile(path, `# who is told\n\nacme ${written(one)}\n`);
  let nowMs = 0;
  const wrong: string[] = [];
  const secretsOf = openNotifySecrets(
    path,
    ({ message }) => wrong.push(message),
    () => nowMs,
  );
  const acme = () => secretsOf("acme" as TenantId);
  assert.deepEqual([acme(), secretsOf("other" as TenantId)], [[one], undefined]);

  await writeFile(path, `acme ${written(two)} ${written(one)}\n`);
  assert.deepEqual(acme(), [one]);
  nowMs += 1_000;
  assert.deepEqual(acme(), [two, one]);

  await writeFile(path, "acme secret\n");
  nowMs += 1_000;
  assert.deepEqual(acme(), [two, one]);
  await rm(path);
  nowMs += 1_000;
  assert.deepEqual(acme(), [two, one]);
  assert.equal(wrong.length, 2);
  assert.match(wrong[0] ?? "", /line 1/);
  assert.doesNotMatch(wrong.join(), /secret\b(?!s)/);
});

test("a file that cannot be used at the start is refused with its line", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "secrets");
  const open = () => openNotifySecrets(path, assert.fail);
  assert.throws(open, /cannot read the secrets/);
  for (const line of ["acme", "acme whsec_c2hvcnQ=", `Acme ${written(one)}`, `a ${`${written(one)} `.repeat(3)}`]) {
    await writeFile(path, `ok ${written(one)}\n${line}\n`);
    assert.throws(open, /line 2/, line);
  }
});
