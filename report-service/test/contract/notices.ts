import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "../../src/model/report.ts";
import { cancel, create, type OpenPlace, report, twoServers } from "./place.ts";

const notifyUrl = "https://example.org/hook";

/** What every provider of `Notices` must do. */
export function provesNotices(name: string, open: OpenPlace): void {
  test(`${name}: ended reports with a receiver are due, the longest overdue first, until their notice is over`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const id of ["a", "b", "c"]) await create(one.reports, report(id, 1, { notifyUrl }));
    await create(one.reports, report("d", 1));
    for (const [index, id] of ["d", "b", "a"].entries()) await one.reports.change(report(id, 1), cancel, 10 + index);
    assert.deepEqual(await two.notices.due(10, 9), []);
    const due = await two.notices.due(12, 9);
    assert.deepEqual(inWords(due), ["b 0", "a 0"]);
    assert.deepEqual(due[0]?.notice, { state: "cancelled", sequence: 2, endedAtMs: 11, tries: 0, dueMs: 11 });
    assert.deepEqual(inWords(await two.notices.due(12, 1)), ["b 0"]);

    const trial = { kind: "try-notice", sequence: 2, tries: 0, nextMs: 50 } as const;
    const both = await Promise.all([one, two].map(({ reports }) => reports.change(report("b", 1), trial, 13)));
    assert.deepEqual(both.map((each) => each?.kind).sort(), ["changed", "refused"]);
    assert.deepEqual(inWords(await one.notices.due(49, 9)), ["a 0"]);
    assert.deepEqual(inWords(await one.notices.due(50, 9)), ["a 0", "b 1"]);
    await two.reports.change(report("a", 1), { kind: "end-notice", sequence: 2 }, 14);
    assert.deepEqual(inWords(await one.notices.due(50, 9)), ["b 1"]);
    assert.equal((await one.reports.read(report("a", 1)))?.sequence, 2);
  });

  test(`${name}: a notice outlives that its report expires, and ends with it`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("a", 1, { notifyUrl, retentionMs: 5 }));
    await one.reports.change(report("a", 1), cancel, 10);
    await one.cleanUp.clear("expired", 15, 9);
    assert.equal((await two.notices.due(20, 9))[0]?.notice?.state, "cancelled");
    await one.cleanUp.clear("forgotten", 15, 9);
    assert.deepEqual(await two.notices.due(20, 9), []);
  });
}

function inWords(reports: readonly Report[]): readonly string[] {
  return reports.map(({ id, notice }) => `${id} ${notice?.tries}`);
}
