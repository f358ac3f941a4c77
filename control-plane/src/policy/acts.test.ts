import assert from "node:assert/strict";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Act, openActs } from "./acts.ts";
import type { PolicyNote } from "./policy-store.ts";
import { noon, temporaryDirectory } from "./testing.ts";
import { verifyActs } from "./verify-data.ts";

const author = { by: "ana", vouchedBy: "oidc", subject: "https://sso.example 1", reason: "CHG-1" } as const;
const register = (id: string): Act => ({ verb: "register", on: `registry/services/report/endpoints/${id}` });

test("acts are on the disk before they are done, in one chain over restarts, many at once with one write", async () => {
  await using place = await temporaryDirectory();
  const dir = join(place.dir, "documents");
  await mkdir(dir);
  const notes: PolicyNote[] = [];
  const begin = () => openActs({ dir, observe: (note) => notes.push(note), now: () => noon });
  {
    await using acts = await begin();
    await Promise.all(Array.from({ length: 50 }, (_, index) => acts.record(register(`r${index}`), author)));
    assert.equal((await readFile(join(dir, "acts.ndjson"), "utf8")).split("\n").length, 51);
  }
  // The power failed while the next one was being written.
  const torn = await open(join(dir, "acts.ndjson"), "a");
  await torn.appendFile('{"act":51,"at');
  await torn.close();
  await using acts = await begin();
  await acts.record({ verb: "release-guard", on: "guard/report" }, author);
  const [newest] = acts.list(1);
  assert.deepEqual(
    [newest?.act, newest?.by, newest?.subject, newest?.verb],
    [51, "ana", author.subject, "release-guard"],
  );
  const verdict = await verifyActs(place.dir);
  assert.deepEqual(
    [verdict?.entries, verdict?.torn, verdict?.problems, verdict?.head?.hash],
    [51, 1, [], newest?.hash],
  );
  assert.equal(notes.length, 51);

  const text = await readFile(join(dir, "acts.ndjson"), "utf8");
  const lines = text.split("\n");
  const found = async (changed: readonly string[]) => {
    await writeFile(join(dir, "acts.ndjson"), changed.join("\n"));
    return (await verifyActs(place.dir))?.problems;
  };
  assert.deepEqual(await found(lines.with(2, (lines[2] ?? "").replace("ana", "bob"))), [
    "a3 (line 3) was changed after it was written: its content has another hash",
  ]);
  assert.deepEqual(await found(lines.toSpliced(2, 1)), ["between a2 and a4 (line 3) entries are missing"]);
});

test("what cannot be written is refused, and what comes later follows what is there", async () => {
  await using place = await temporaryDirectory();
  const acts = await openActs({ dir: place.dir, observe: () => undefined, now: () => noon });
  await acts.record(register("r1"), author);
  await acts[Symbol.asyncDispose]();
  // The file is closed: as a disk that is gone.
  await assert.rejects(acts.record(register("r2"), author), /nothing was done, because it could not be written/);
  assert.equal(acts.list(10).length, 1);
  await using again = await openActs({ dir: place.dir, observe: () => undefined, now: () => noon });
  await again.record(register("r3"), author);
  assert.deepEqual(
    again.list(10).map(({ act, on }) => `${act} ${on.split("/").at(-1)}`),
    ["2 r3", "1 r1"],
  );
  await rm(join(place.dir, "acts.ndjson"));
  assert.equal(await verifyActs(place.dir), undefined);
});
