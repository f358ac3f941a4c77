import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "./documents/parse-document.ts";
import { valueAt } from "./documents/plain-json.ts";
import { createFilePolicyStore } from "./file-policy-store.ts";
import type { ChangeOutcome, PolicyNote } from "./policy-store.ts";
import { change, noon, policy, put, service, split, temporaryDirectory } from "./testing.ts";

async function storeIn(dir: string) {
  const notes: PolicyNote[] = [];
  const store = await createFilePolicyStore({ dir, observe: (note) => notes.push(note), now: () => noon });
  return Object.assign(store, { notes });
}

function filed(document: unknown, file = "report.yaml") {
  const result = parseDocument(document);
  assert.ok(result.ok, JSON.stringify(result));
  return { file, document: result.value };
}

function done(outcome: ChangeOutcome) {
  assert.equal(outcome.kind, "done", JSON.stringify(outcome));
  return outcome.kind === "done" ? outcome : assert.fail();
}

test("what was changed is there after a restart, with its revision, etag, author and journal", async () => {
  await using place = await temporaryDirectory();
  let etag: string;
  {
    await using store = await storeIn(place.dir);
    done(await store.change(change(put(service("report")))));
    const { documents } = done(await store.change(change(put(split("report", { rules: [{ to: { "dc-a": 100 } }] })))));
    etag = documents[0]?.etag ?? "";
    assert.match(etag, /^r2-[0-9a-f]{8}$/);
  }
  await using store = await storeIn(place.dir);
  const stored = store.get("TrafficSplit", "report");
  assert.equal(stored?.etag, etag);
  assert.deepEqual(stored?.changed, { at: noon, by: "ana", reason: "because" });
  assert.deepEqual(stored?.origin, { kind: "api" });
  assert.equal(store.books.current()?.revision, 2);
  assert.deepEqual(
    store.journal(10).map(({ revision, by, changes }) => [revision, by, changes[0]?.action, changes[0]?.documentKind]),
    [
      [2, "ana", "create", "TrafficSplit"],
      [1, "ana", "create", "Service"],
    ],
  );
});

test("a put of what is stored already moves no revision, however its keys are ordered", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  done(await store.change(change(put(service("report", { protocol: "GRPC", hosts: ["report"] })))));
  const book = store.books.current();
  const again = done(await store.change(change(put(service("report", { hosts: ["report"], protocol: "GRPC" })))));
  assert.equal(again.revision, 1);
  assert.match(again.documents[0]?.etag ?? "", /^r1-/);
  assert.equal(store.books.current(), book);
  assert.equal(store.journal(10).length, 1);
});

test("a change elsewhere leaves the other documents' objects the very same", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  done(
    await store.change(
      change(put(service("report")), put(service("billing")), put(split("report")), put(policy("billing"))),
    ),
  );
  const before = store.books.current();
  done(await store.change(change(put(split("report", { rules: [{ to: { "dc-a": 100 } }] })))));
  const after = store.books.current();
  assert.notEqual(after, before);
  assert.equal(after?.services, before?.services);
  assert.equal(after?.policies, before?.policies);
  assert.notEqual(after?.splits, before?.splits);
});

test("an etag that no longer holds changes nothing and shows what is there", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  const first = done(await store.change(change(put(service("report"))))).documents[0];
  done(await store.change(change(put(service("report", { port: 9090 })))));
  const outcome = await store.change(change(put(service("report", { port: 1 }), { etag: first?.etag ?? "" })));
  assert.equal(outcome.kind, "outdated");
  assert.equal(outcome.kind === "outdated" && outcome.current?.revision, 2);
  assert.equal((await store.change(change(put(service("report"), "absent")))).kind, "outdated");
  done(await store.change(change(put(service("billing"), "absent"))));
  assert.equal(
    (await store.change(change({ kind: "delete", documentKind: "Service", name: "repor" }))).kind,
    "missing",
  );
});

test("a request is taken whole or not at all", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  const outcome = await store.change(change(put(service("report")), put(split("billing"))));
  assert.deepEqual(outcome, {
    kind: "refused",
    problems: [{ at: "operations[1].document.spec.service", says: 'there is no Service "billing" (known: report)' }],
  });
  assert.deepEqual(store.list("Service"), []);
  assert.equal(store.notes[0]?.kind, "documents-refused");
});

test("a change that is only asked about answers the same and stores nothing", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  const asked = done(await store.change({ ...change(put(service("report"))), validateOnly: true }));
  assert.deepEqual(store.list("Service"), []);
  assert.deepEqual(done(await store.change(change(put(service("report"))))), asked);
});

test("a service that others name cannot be deleted; the document that names it is told", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  done(await store.change(change(put(service("report")), put(split("report")))));
  const outcome = await store.change(change({ kind: "delete", documentKind: "Service", name: "report" }));
  assert.equal(outcome.kind, "refused");
  assert.equal(outcome.kind === "refused" && outcome.problems[0]?.at, "TrafficSplit report: spec.service");
  done(
    await store.change(
      change(
        { kind: "delete", documentKind: "Service", name: "report" },
        { kind: "delete", documentKind: "TrafficSplit", name: "report" },
      ),
    ),
  );
});

test("a change over the API stays until the file itself changes", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  const port = () => valueAt(store.get("Service", "report")?.document, ["spec", "port"]);
  done(await store.applyDirectory([filed(service("report", { port: 1 }))]));
  assert.deepEqual(store.get("Service", "report")?.origin, { kind: "file", path: "report.yaml" });
  done(await store.change(change(put(service("report", { port: 2 })))));
  done(await store.applyDirectory([filed(service("report", { port: 1 })), filed(service("other"), "other.yaml")]));
  assert.equal(port(), 2);
  done(await store.applyDirectory([filed(service("report", { port: 3 })), filed(service("other"), "other.yaml")]));
  assert.equal(port(), 3);
  done(await store.applyDirectory([filed(service("other"), "other.yaml")]));
  assert.equal(store.get("Service", "report"), undefined);
  assert.deepEqual(
    store.journal(2).map(({ reason, through }) => [reason, through]),
    [
      ["no longer in the directory: Service/report", "file"],
      ["changed in report.yaml", "file"],
    ],
  );
});

test("what the directory held is remembered over a restart", async () => {
  await using place = await temporaryDirectory();
  {
    await using store = await storeIn(place.dir);
    done(await store.applyDirectory([filed(service("report", { port: 1 }))]));
    done(await store.change(change(put(service("report", { port: 2 })))));
  }
  await using store = await storeIn(place.dir);
  assert.equal(done(await store.applyDirectory([filed(service("report", { port: 1 }))])).revision, 2);
});

test("a file that comes to say what the API had set already is remembered without a revision", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  done(await store.applyDirectory([filed(service("report", { port: 1 }))]));
  done(await store.change(change(put(service("report", { port: 2 })))));
  assert.equal(done(await store.applyDirectory([filed(service("report", { port: 2 }))])).revision, 2);
  done(await store.change(change(put(service("report", { port: 3 })))));
  assert.equal(done(await store.applyDirectory([filed(service("report", { port: 2 }))])).revision, 3);
});

test("a second store on the same directory is refused, with the reason", async () => {
  await using place = await temporaryDirectory();
  await using _first = await storeIn(place.dir);
  await assert.rejects(storeIn(place.dir), /open already/);
});

test("a damaged state file falls back to the one before it, loudly, and gives out no revision twice", async () => {
  await using place = await temporaryDirectory();
  {
    await using store = await storeIn(place.dir);
    done(await store.change(change(put(service("report", { port: 1 })))));
    done(await store.change(change(put(service("report", { port: 2 })))));
  }
  const path = join(place.dir, "documents.state");
  await truncate(path, 120);
  await using store = await storeIn(place.dir);
  assert.equal(store.notes[0]?.kind, "documents-recovered");
  assert.match(JSON.stringify(store.notes[0]), /checksum.*revision 1 is taken/);
  assert.equal(store.get("Service", "report")?.revision, 1);
  assert.equal(done(await store.change(change(put(service("report", { port: 3 }))))).revision, 3);
});

test("with both state files damaged it refuses to start and says what to do", async () => {
  await using place = await temporaryDirectory();
  {
    await using store = await storeIn(place.dir);
    done(await store.change(change(put(service("report", { port: 1 })))));
    done(await store.change(change(put(service("report", { port: 2 })))));
  }
  for (const name of ["documents.state", "previous-documents.state"]) await writeFile(join(place.dir, name), "x");
  await assert.rejects(storeIn(place.dir), /documents\.state .*put a copy of the data directory back/);
});

test("a torn last line of the journal is passed over, and its entry comes back from the state file", async () => {
  await using place = await temporaryDirectory();
  {
    await using store = await storeIn(place.dir);
    done(await store.change(change(put(service("report", { port: 1 })))));
    done(await store.change(change(put(service("report", { port: 2 })))));
  }
  const path = join(place.dir, "journal.ndjson");
  await truncate(path, (await readFile(path)).length - 20);
  {
    await using store = await storeIn(place.dir);
    assert.deepEqual(
      store.journal(9).map((each) => each.revision),
      [2, 1],
    );
    done(await store.change(change(put(service("report", { port: 3 })))));
  }
  await using store = await storeIn(place.dir);
  assert.deepEqual(
    store.journal(9).map((each) => each.revision),
    [3, 2, 1],
  );
});

test("changes made at the same time are taken one after the other", async () => {
  await using place = await temporaryDirectory();
  await using store = await storeIn(place.dir);
  const names = Array.from({ length: 20 }, (_, index) => `service-${index}`);
  const outcomes = await Promise.all(names.map((name) => store.change(change(put(service(name))))));
  assert.deepEqual(
    outcomes.map((outcome) => done(outcome).revision),
    names.map((_, index) => index + 1),
  );
  assert.equal(store.list("Service").length, 20);
});
