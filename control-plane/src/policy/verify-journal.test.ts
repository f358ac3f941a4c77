import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createFilePolicyStore } from "./file-policy-store.ts";
import { change, noon, put, service, temporaryDirectory } from "./testing.ts";
import { verifyData } from "./verify-data.ts";
import { verifyJournal } from "./verify-journal.ts";

/** A data directory with six changes, in two runs of the store. */
async function written() {
  const place = await temporaryDirectory();
  const dir = join(place.dir, "documents");
  for (const ports of [
    [1, 2, 3],
    [4, 5, 6],
  ]) {
    await using store = await createFilePolicyStore({ dir, observe: () => {}, now: () => noon });
    for (const port of ports) await store.change(change(put(service("report", { port }))));
  }
  const journal = join(dir, "journal.ndjson");
  const lines = (await readFile(journal, "utf8")).trimEnd().split("\n");
  return { data: place.dir, journal, lines, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}

const edited = (line: string, change: (entry: Record<string, unknown>) => void): string => {
  const entry = JSON.parse(line) as Record<string, unknown>;
  change(entry);
  return JSON.stringify(entry);
};

test("a journal is as it was written, over restarts too, however the keys of its entries are ordered", async () => {
  await using weir = await written();
  const { entries, head, problems, withoutHash } = await verifyData(weir.data);
  assert.deepEqual([entries, head?.revision, withoutHash, problems], [6, 6, 0, []]);
  const turned = weir.lines.map((line) =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse())),
  );
  assert.deepEqual(verifyJournal(turned).problems, []);
});

test("an entry that was changed, put in or taken out is found and named", async () => {
  await using weir = await written();
  const { lines } = weir;
  const [one = "", two = "", three = "", ...rest] = lines;
  const found = (...changed: readonly string[]) => verifyJournal(changed).problems;

  assert.deepEqual(found(one, two.replace('"ana"', '"bob"'), three, ...rest), [
    "r2 (line 2) was changed after it was written: its content has another hash",
  ]);
  // What a document was is vouched for, too.
  assert.equal(found(one, two.replace('"port":1', '"port":9'), three, ...rest).length, 1);
  assert.deepEqual(found(one, three, ...rest), ["between r1 and r3 (line 2) entries are missing"]);
  assert.deepEqual(found(one, three, two, ...rest).length, 3);
  assert.deepEqual(found(one, two, '{"revision":3,"at', three, ...rest), []);
  assert.deepEqual(found(one, '{"revision":2,"at', three, ...rest).length, 1);
  assert.deepEqual(
    found(
      one,
      edited(two, (entry) => delete entry["hash"]),
      three,
      ...rest,
    ).length,
    1,
  );
});

test("an entry whose own hash was made to fit is found by the one after it, and the last one by the documents", async () => {
  await using weir = await written();
  const { contentHash } = await import("./journal-chain.ts");
  const forged = (line: string) =>
    edited(line, (entry) => {
      entry["by"] = "bob";
      entry["hash"] = contentHash(entry as Parameters<typeof contentHash>[0]);
    });
  const [one = "", two = "", three = "", ...rest] = weir.lines;
  assert.deepEqual(verifyJournal([one, forged(two), three, ...rest]).problems, [
    "r3 (line 3) does not follow r2 as that is now: one of them was changed",
  ]);

  const last = weir.lines.at(-1) ?? "";
  const copy = join(weir.data, "copy");
  await cp(join(weir.data, "documents"), join(copy, "documents"), { recursive: true });
  for (const changed of [[...weir.lines.slice(0, -1), forged(last)], weir.lines.slice(0, -1)]) {
    await writeFile(join(copy, "documents", "journal.ndjson"), `${changed.join("\n")}\n`);
    const { problems } = await verifyData(copy);
    assert.equal(problems.length, 1);
    assert.match(
      problems[0] ?? "",
      /^the documents were last changed by r6 with the hash [0-9a-f]{64}, which the journal does not have/,
    );
  }
});

test("entries from before there were hashes are followed by ones that vouch for the last of them", async () => {
  await using weir = await written();
  const old = weir.lines.map((line) =>
    edited(line, (entry) => {
      delete entry["hash"];
      delete entry["previous"];
    }),
  );
  await writeFile(weir.journal, `${old.join("\n")}\n`);
  {
    const dir = join(weir.data, "documents");
    await using store = await createFilePolicyStore({ dir, observe: () => {}, now: () => noon });
    await store.change(change(put(service("report", { port: 7 }))));
  }
  const { problems, withoutHash, entries } = await verifyData(weir.data);
  assert.deepEqual([problems, withoutHash, entries], [[], 6, 7]);
});
