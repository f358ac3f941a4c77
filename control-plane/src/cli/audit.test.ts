import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createFilePolicyStore } from "../policy/file-policy-store.ts";
import { change, noon, put, service, temporaryDirectory } from "../policy/testing.ts";
import { runCommand } from "./testing.ts";

const run = (...args: readonly string[]) => runCommand(args);

test("the history is checked without a server, and a changed entry ends with code 1", async () => {
  await using place = await temporaryDirectory();
  const dir = join(place.dir, "documents");
  {
    await using store = await createFilePolicyStore({ dir, observe: () => {}, now: () => noon });
    for (const port of [1, 2, 3]) await store.change(change(put(service("report", { port }))));
  }
  const verify = (...more: readonly string[]) => run("audit", "verify", "--data", place.dir, ...more);
  const good = await verify();
  assert.match(good.out, /^3 entries are as they were written; the newest, r3, has the hash [0-9a-f]{64}\n$/);
  const noted = (await run("-o", "name", "audit", "verify", "--data", place.dir)).out.trim();
  assert.equal((await verify("--has", noted)).code, 0);
  assert.equal((await verify("--has", "0".repeat(64))).code, 1);
  const journal = join(dir, "journal.ndjson");
  await writeFile(journal, (await readFile(journal, "utf8")).replace('"ana"', '"bob"'));
  const changed = await verify();
  assert.deepEqual([good.code, changed.code], [0, 1]);
  assert.match(changed.out, /r1 \(line 1\) was changed after it was written: .*\nproblems: 1, in 3 entries\n$/);
  const none = await run("audit", "verify", "--data", join(place.dir, "nowhere"));
  assert.equal(none.code, 2);
  assert.match(none.err, /cannot read the journal: ENOENT.*name the directory that --data of weir serve names/);
});
