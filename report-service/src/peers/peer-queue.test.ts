import assert from "node:assert/strict";
import { test } from "node:test";
import { claimant, create, report } from "../../test/contract/place.ts";
import { openSqlitePlace } from "../../test/contract/sqlite-place.ts";
import { claimFromPeers } from "./peer-queue.ts";

const hourMs = 3_600_000;

test("a lease in a store that was promoted here holds by the clock of that store", async () => {
  await using ownPlace = await openSqlitePlace();
  await using own = await ownPlace.connect();
  for (const aheadMs of [hourMs, -hourMs]) {
    await using peerPlace = await openSqlitePlace();
    await using there = await peerPlace.connect();
    const clock = { ...there.clock, now: () => there.clock.now() + aheadMs };
    const peer = {
      datacenter: "dc-b",
      state: () => ({ readable: "here", writable: "here" }) as const,
      stores: async () => ({ ...there, clock }),
    };
    const queue = claimFromPeers(own.queue, own.clock, [peer], () => undefined);
    const lasting = { ...claimant, leaseMs: 60_000 };
    await create(there.reports, report("a", clock.now()));
    const claim = async (afterMs: number) =>
      (await queue.claim(lasting, 1, own.clock.now() + afterMs)).map(({ attempts }) => attempts.length);
    assert.deepEqual(await claim(0), [1]);
    const status = (await there.reports.read(report("a", 1)))?.status;
    assert.ok(status?.kind === "running" && Math.abs(status.leasedUntilMs - clock.now() - 60_000) < 30_000);
    assert.deepEqual(await claim(0), []);
    assert.deepEqual(await claim(120_000), [2]);
  }
});
