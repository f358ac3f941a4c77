import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, verdictsOf } from "./check.ts";
import type { Entry } from "./entry.ts";
import type { FinalReport } from "./final-state.ts";
import { orderOf } from "./order.ts";

const seed = 1;
const hash = "ab".repeat(32);
// One order of each kind that matters below.
const find = (is: (order: ReturnType<typeof orderOf>) => boolean, from = 0): number => {
  for (let index = from; ; index += 1) if (is(orderOf(seed, index))) return index;
};
const plain = find(({ kind, next }) => kind === "quick" && next === "nothing");
const shared = find(({ kind }) => kind === "shared");
const sharedToo = find(({ kind, tenant, parameters }) => {
  const first = orderOf(seed, shared);
  return kind === "shared" && tenant === first.tenant && parameters["text"] === first.parameters["text"];
}, shared + 1);

const requestOf = (index: number) => orderOf(seed, index).request;
const nameOf = (index: number) => `tenants/${orderOf(seed, index).tenant}/reports/r${index}`;

function placed(index: number, report = nameOf(index)): readonly Entry[] {
  const request = requestOf(index);
  return [
    { kind: "intent", request, order: index },
    { kind: "accepted", request, report },
  ];
}

function made(index: number, facts: Partial<FinalReport> = {}): FinalReport {
  return {
    name: nameOf(index),
    request: requestOf(index),
    state: "SUCCEEDED",
    createdAtMs: 0,
    endedAtMs: 1_000,
    attempts: [""],
    objects: [{ format: "CSV", recorded: hash, found: hash }],
    ownContent: true,
    sequences: [2, 3],
    endings: 1,
    ...facts,
  };
}

/** The promises that a history breaks. */
function broken(history: Partial<History>): readonly string[] {
  const whole = { seed, entries: placed(plain), reports: [made(plain)], lateWrites: [], takeovers: 0 };
  const verdicts = verdictsOf({ ...whole, ...history });
  return verdicts.filter(({ violations }) => violations.length > 0).map(({ invariant }) => invariant);
}

const request = requestOf(plain);

test("a history in which nothing went wrong breaks no promise", () => {
  assert.deepEqual(broken({}), []);
});

test("an accepted report that is not there is lost", () => {
  assert.deepEqual(broken({ reports: [] }), ["N1"]);
});

test("a report that has not ended, that ended twice or whose events have a gap breaks the second promise", () => {
  assert.deepEqual(broken({ reports: [made(plain, { endings: 2 })] }), ["N2"]);
  assert.deepEqual(broken({ reports: [made(plain, { sequences: [2, 4] })] }), ["N2"]);
  assert.deepEqual(broken({ reports: [made(plain, { state: "RUNNING", endings: 0 })] }), ["N2"]);
  assert.deepEqual(broken({ reports: [made(plain, { state: "CANCELLED" })] }), ["N2"], "nobody cancelled it");
  assert.deepEqual(broken({ entries: [...placed(plain), { kind: "seen", request, state: "FAILED" }] }), ["N2"]);
});

test("objects that are missing, of another hash or of another report are found", () => {
  const wrong = { format: "CSV", recorded: hash, found: "cd".repeat(32) };
  assert.deepEqual(broken({ reports: [made(plain, { objects: [wrong] })] }), ["N3"]);
  assert.deepEqual(broken({ reports: [made(plain, { objects: [{ ...wrong, found: undefined }] })] }), ["N3"]);
  assert.deepEqual(broken({ reports: [made(plain, { objects: [] })] }), ["N3"]);
  assert.deepEqual(broken({ reports: [made(plain, { ownContent: false })] }), ["N3"]);
});

test("one request that made two reports, and one content that was made twice, are found", () => {
  assert.deepEqual(broken({ reports: [made(plain), made(plain, { name: "tenants/red/reports/other" })] }), ["N4"]);
  const both = { entries: [...placed(shared), ...placed(sharedToo)], reports: [made(shared), made(sharedToo)] };
  assert.deepEqual(broken(both), ["N4"]);
});

test("a run that made servers write too late must have seen that refused", () => {
  assert.deepEqual(broken({ takeovers: 3 }), ["N4"]);
  const lateWrites = [{ report: `r${plain}`, attempt: 1 }];
  assert.deepEqual(broken({ takeovers: 3, lateWrites }), ["N4"], "that was the attempt that counted");
  const reports = [made(plain, { attempts: ["WORKER_LOST", ""] })];
  assert.deepEqual(broken({ takeovers: 3, lateWrites, reports }), []);
});

test("a repeat that got another report, and a request that was never answered, are found", () => {
  const again = placed(plain, nameOf(shared));
  assert.deepEqual(broken({ entries: [...placed(plain), ...again], reports: [made(plain), made(shared)] }), [
    "N5",
    "N6",
  ]);
  const open: Entry = { kind: "intent", request: requestOf(shared), order: shared };
  assert.deepEqual(broken({ entries: [...placed(plain), open] }), ["N5"]);
});

test("a report of a rejected request, of no request, or of another body is found", () => {
  const rejected: readonly Entry[] = [
    { kind: "intent", request, order: plain },
    { kind: "rejected", request, code: "RESOURCE_EXHAUSTED" },
  ];
  assert.deepEqual(broken({ entries: rejected }), ["N6"]);
  assert.deepEqual(broken({ entries: rejected, reports: [] }), []);
  assert.deepEqual(broken({ reports: [made(plain), made(shared)] }), ["N6"]);
  const other: Entry = { kind: "other-body", request, became: nameOf(plain) };
  assert.deepEqual(broken({ entries: [...placed(plain), other] }), ["N6"]);
});

test("a cancellation and a retry that were answered and had no effect, or another one, are found", () => {
  const cancelled = (became: string): readonly Entry[] => [
    ...placed(plain),
    { kind: "cancelling", request },
    { kind: "cancel-answer", request, became },
  ];
  const ended = made(plain, { state: "CANCELLED", objects: [], attempts: [] });
  assert.deepEqual(broken({ entries: cancelled("CANCELLED"), reports: [ended] }), []);
  assert.deepEqual(broken({ entries: cancelled("CANCELLED") }), ["N2"], "it has succeeded all the same");
  assert.deepEqual(broken({ entries: cancelled("FAILED_PRECONDITION") }), []);
  assert.deepEqual(broken({ entries: cancelled("FAILED_PRECONDITION"), reports: [ended] }), ["N2"]);

  const retried = (became: string): readonly Entry[] => [
    ...cancelled("CANCELLED"),
    { kind: "retrying", request },
    { kind: "retried", request, became },
    { kind: "retried", request, became },
  ];
  const again = retried(nameOf(plain));
  assert.deepEqual(broken({ entries: again, reports: [made(plain, { endings: 2 })] }), []);
  assert.deepEqual(broken({ entries: again }), ["N2"], "it was not made again");
  assert.deepEqual(broken({ entries: again, reports: [made(plain, { endings: 3 })] }), ["N2"], "the repeat counted");
  const refused = { entries: retried("FAILED_PRECONDITION"), reports: [made(plain, { endings: 1 })] };
  assert.deepEqual(broken(refused), ["N5"]);
});

test("a request that has two uploads is found", () => {
  const uploaded = ["u", "v"].map((upload): Entry => ({ kind: "uploaded", request, upload }));
  assert.deepEqual(broken({ entries: [...placed(plain), ...uploaded.slice(0, 1)] }), []);
  assert.deepEqual(broken({ entries: [...placed(plain), ...uploaded] }), ["N5"]);
});

test("a report that failed for what is not in its kind is found", () => {
  const failed = (reason: string) => made(plain, { state: "FAILED", objects: [], attempts: [reason] });
  assert.deepEqual(broken({ reports: [failed("WORKER_LOST")] }), []);
  assert.deepEqual(broken({ reports: [failed("INPUT_MISSING")] }), ["N7"]);
});

test("too many attempts, a failure without a reason and a report that was blocked are found", () => {
  const attempts = Array.from({ length: 4 }, () => "WORKER_LOST");
  assert.deepEqual(broken({ reports: [made(plain, { attempts: [...attempts, ""] })] }), ["N7"]);
  assert.deepEqual(broken({ reports: [made(plain, { state: "FAILED", objects: [] })] }), ["N7"]);
  assert.deepEqual(broken({ reports: [made(plain, { endedAtMs: 61_000 })] }), ["N7"], "nothing ended for a minute");
  const [, own = ""] = nameOf(plain).split("/");
  const later = find(({ kind, tenant }) => kind === "quick" && tenant === own, plain + 1);
  const between = Array.from({ length: 5 }, (_, index) =>
    made(later, { name: `${nameOf(later)}-${index}`, createdAtMs: 1, endedAtMs: 1_000 + index * 20_000 }),
  );
  const overtaken = [made(plain, { endedAtMs: 90_000 }), ...between];
  const verdict = verdictsOf({ seed, entries: [], reports: overtaken, lateWrites: [], takeovers: 0 }).at(-1);
  assert.match(verdict?.violations.join() ?? "", /ended 89.0 s after one of its tenant that came later/);
});
