import assert from "node:assert/strict";
import { test } from "node:test";
import type { TenantId } from "../../src/model/names.ts";
import { claimant, create, type OpenPlace, report, twoServers } from "./place.ts";

/** What a `JobQueue` must do that tells a report's place. */
export function provesJobsAhead(name: string, open: OpenPlace): void {
  test(`${name}: those of the same tenant, cluster and priority are ahead that came before, and are counted no further`, async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    const [first, second, third] = [report("a", 1), report("b", 1), report("c", 2)];
    for (const each of [third, second, first]) await create(one.reports, each);
    await create(one.reports, report("d", 0, { tenant: "other" as TenantId }));
    await create(one.reports, report("e", 0, { priority: "bulk" }));
    await create(one.reports, report("f", 0, { cluster: "python" }));
    const places = (most: number) => Promise.all([first, second, third].map((each) => two.queue.ahead?.(each, most)));
    assert.deepEqual(await places(9), [0, 1, 2]);
    assert.deepEqual(await places(1), [0, 1, 1]);
    const [claimed] = await one.queue
      .claim(claimant, 2, 3)
      .then((all) => all.filter(({ tenant }) => tenant === first.tenant));
    assert.equal(claimed?.id, "a");
    assert.equal(await two.queue.ahead?.(third, 9), 1);
  });
}
