import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { lacksPostgres, type PostgresServer, startPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { claimant, collect, create, never, report } from "../../test/contract/place.ts";
import { connect } from "../../test/contract/postgres-place.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";

const skip = lacksPostgres;
const quick = { connectMs: 500, statementMs: 1_000, patienceMs: 500 };
/** Longer than `quick` allows in all, however busy the machine is: who takes so long hangs. */
const hangsMs = 30_000;

test("while Postgres is away everything fails at once, and goes on by itself when it is back", { skip }, async () => {
  await using postgres = await startPostgres();
  await using store = await connect(postgres.url(), quick);
  await create(store.reports, report("a", 1));
  const following = collect(store.reports.follow(report("a", 1), 1, never)).catch((error: unknown) => error);
  await postgres.kill();
  for (const ask of [
    () => store.reports.read(report("a", 1)),
    () => create(store.reports, report("b", 1)),
    () => store.queue.claim(claimant, 1, 2),
    () => store.uploads.read(report("a", 1) as never),
  ]) {
    const startedMs = performance.now();
    await assert.rejects(ask(), StoreUnavailable);
    assert.ok(performance.now() - startedMs < hangsMs);
  }
  await postgres.start();
  const found = await until(() => store.reports.read(report("a", 1)), { within: 30_000, what: "it is read again" });
  assert.equal(found.id, "a");
  assert.equal((await store.queue.claim(claimant, 9, 10)).length, 1);
  await store.reports.change(found, { kind: "succeed", attempt: 1, artifacts: [] }, 20);
  // The follower was told of the loss, or follows to the end.
  const seen = await following;
  assert.ok(seen instanceof StoreUnavailable || Array.isArray(seen));
});

test("a Postgres that is frozen costs a caller its statement timeout and no more", { skip }, async () => {
  await using postgres = await startPostgres();
  await using store = await connect(postgres.url(), quick);
  await create(store.reports, report("a", 1));
  postgres.freeze();
  try {
    const startedMs = performance.now();
    await assert.rejects(store.reports.read(report("a", 1)), StoreUnavailable);
    await assert.rejects(store.reports.read(report("a", 1), AbortSignal.timeout(50)));
    assert.ok(performance.now() - startedMs < hangsMs);
  } finally {
    postgres.thaw();
  }
  await until(() => store.reports.read(report("a", 1)), { within: 30_000, what: "it is read again" });
});

test("a primary that dies is followed by its synchronous standby, and nothing that was answered is lost", {
  skip,
}, async () => {
  await using primary = await startPostgres();
  await using standby = await primary.standby("standby1");
  await synchronous(primary);
  const hosts = `postgres://weir@${primary.host},${standby.host}/postgres`;
  await using store = await connect(hosts, quick);

  const answered: string[] = [];
  const stop = new AbortController();
  let failing = 0;
  const creating = (async () => {
    for (let index = 0; !stop.signal.aborted; index += 1) {
      const made = report(`r${index}`, index);
      await create(store.reports, made).then(
        () => answered.push(made.id),
        async (error: unknown) => {
          assert.ok(error instanceof StoreUnavailable, String(error));
          failing += 1;
          await delay(50);
        },
      );
    }
  })();
  await until(() => answered.length > 50, { within: 30_000, what: "some are created" });
  await primary.kill();
  await until(() => failing > 0, { within: 30_000, what: "creates fail" });
  const before = answered.length;
  standby.promote();
  await until(() => answered.length > before + 20, { within: 30_000, what: "the new primary takes creates" });
  stop.abort();
  await creating;
  for (const id of answered) assert.ok(await store.reports.read(report(id, 0)), `${id} was answered and is lost`);
});

/** Commits wait for the standby from now on. */
async function synchronous(primary: PostgresServer): Promise<void> {
  primary.sql("alter system set synchronous_standby_names = 'ANY 1 (standby1)'");
  primary.sql("select pg_reload_conf()");
  const state = () => primary.sql("select sync_state from pg_stat_replication") === "quorum";
  await until(state, { within: 20_000, what: "the standby is synchronous" });
}
