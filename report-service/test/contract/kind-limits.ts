import assert from "node:assert/strict";
import { test } from "node:test";
import type { KindName, TenantId } from "../../src/model/names.ts";
import type { Claimant } from "../../src/ports/job-queue.ts";
import type { OpenOutboxPlace } from "./outbox.ts";
import { type Connected, claimant, create, type OpenPlace, report, twoServers } from "./place.ts";

const narrow = "narrow" as KindName;
const broken = "broken" as KindName;

/** What a provider of `JobQueue` must do for claimants that limit kinds. */
export function provesKindLimits(name: string, open: OpenPlace): void {
  const prove = (title: string, run: () => Promise<void>) => test(`${name}: ${title}`, run);

  prove("nothing is claimed of a kind that is paused, and it keeps nothing else waiting", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    await create(one.reports, report("b1", 1, { kind: broken }));
    await create(one.reports, report("b2", 2, { kind: broken, tenant: "other" as TenantId }));
    await create(one.reports, report("a", 3));
    assert.equal(await claim(two, { paused: [broken] }), "a");
    assert.equal(await claim(one, { paused: [broken] }), "");
    assert.deepEqual((await two.queue.length()).queued, 2);
    assert.equal(await claim(one, {}), "b1 b2");
  });

  prove("a paused kind that has lost its worker waits as well", async () => {
    await using servers = await twoServers(open);
    const { one } = servers;
    await create(one.reports, report("b1", 1, { kind: broken }));
    assert.equal(await claim(one, {}), "b1");
    const after = 100 + claimant.leaseMs;
    assert.equal(await claim(one, { paused: [broken] }, after), "");
    assert.equal(await claim(one, {}, after), "b1");
  });

  prove("a tenant has no more of a kind running than the kind allows, whoever claims", async () => {
    await using servers = await twoServers(open);
    const { one, two } = servers;
    for (const id of ["n1", "n2", "n3"]) await create(one.reports, report(id, 1, { kind: narrow }));
    await create(one.reports, report("x1", 2, { kind: narrow, tenant: "other" as TenantId }));
    await create(one.reports, report("a", 3));
    const perTenant = new Map([[narrow, 2]]);
    assert.equal(await claim(one, { perTenant }), "a n1 n2 x1");
    assert.equal(await claim(two, { perTenant }), "");
    await one.reports.change(report("n1", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 200);
    assert.equal(await claim(two, { perTenant }), "n3");
  });
}

/** The same of a store's `Outbox`, which claims reports by their names. */
export function provesKindLimitsByKey(name: string, open: OpenOutboxPlace): void {
  test(`${name}: claims by name keep to paused kinds, and to how many of a kind a tenant may have running`, async () => {
    await using place = await open();
    await using server = await place.connect();
    const outbox = await server.openOutbox();
    for (const id of ["n1", "n2"]) await create(server.reports, report(id, 1, { kind: narrow }));
    await create(server.reports, report("x1", 1, { kind: narrow, tenant: "other" as TenantId }));
    await create(server.reports, report("b", 2, { kind: broken }));
    await create(server.reports, report("a", 3));
    const keys = [
      ...["n1", "n2", "b", "a"].map((id) => report(id, 1)),
      report("x1", 1, { tenant: "other" as TenantId }),
    ];
    const claimed = async (limits: Partial<Claimant>, nowMs: number) =>
      (await outbox.claim(keys, { ...claimant, ...limits }, nowMs)).map(({ kind }) => kind).join(" ");
    const perTenant = new Map([[narrow, 1]]);
    assert.equal(await claimed({ paused: [broken], perTenant }, 10), "claimed busy busy claimed claimed");
    await server.reports.change(keys[0] ?? report("", 0), { kind: "succeed", attempt: 1, artifacts: [] }, 20);
    assert.equal(await claimed({ perTenant }, 30), "gone claimed claimed gone gone");
    const after = 30 + claimant.leaseMs;
    assert.equal(await claimed({ paused: [narrow, broken], perTenant }, after), "gone busy busy claimed busy");
  });
}

async function claim({ queue }: Connected, limits: Partial<Claimant>, nowMs = 100): Promise<string> {
  const claimed = await queue.claim({ ...claimant, ...limits }, 9, nowMs);
  return claimed
    .map(({ id }) => id)
    .sort()
    .join(" ");
}
