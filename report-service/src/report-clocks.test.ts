import assert from "node:assert/strict";
import { test } from "node:test";
import { type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { lacksCassandra, startCassandra } from "../../test/kit/cassandra.ts";
import { lacksPostgres } from "../../test/kit/postgres.ts";
import { until } from "../../test/kit/wait.ts";
import { createOne, untilState } from "../test/calls.ts";
import { postgresPlaces } from "../test/contract/postgres-place.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { reportNameOf } from "./client.ts";

const { emptyDatabase } = postgresPlaces();
const hourMs = 3_600_000;
const preload = new URL("../../test/kit/shifted-clock.mjs", import.meta.url).href;
const shifted = (byMs: number) => ({ NODE_OPTIONS: `--import ${preload}`, SHIFT_CLOCK_MS: String(byMs) });
const short = { rows: 1 };
const leased = ["--languages", "sql", "--job-lease", "5s"];

const openDatabase = async () => ({ url: await emptyDatabase(), [Symbol.asyncDispose]: async () => undefined });
const inPostgres = { where: "Postgres", lacks: lacksPostgres, open: openDatabase };
const inCassandra = {
  ...{ where: "Cassandra", lacks: lacksCassandra },
  async open() {
    const { nodes, [Symbol.asyncDispose]: stop } = await startCassandra();
    return { url: `cassandra://${nodes[0]?.address}/reports?datacenter=dc-a`, [Symbol.asyncDispose]: stop };
  },
};
for (const { where, lacks, open, shiftMs, what } of [
  { ...inPostgres, shiftMs: hourMs, what: "an hour ahead" },
  { ...inPostgres, shiftMs: -hourMs, what: "an hour behind" },
  { ...inCassandra, shiftMs: hourMs, what: "an hour ahead" },
]) {
  test(`${where}: a server whose clock is ${what} takes over nothing that is leased, and nobody what it has leased`, {
    skip: lacks,
  }, async () => {
    await using started = new AsyncDisposableStack();
    const data = started.use(await temporaryDirectory()).path;
    const flags = [...leased, "--store", started.use(await open()).url];
    const right = started.use(await startServer(data, [...flags, "--concurrency", "sql=1"]));
    const { client } = right;
    const first = await createOne(client, "slow");
    await untilState(client, first, State.RUNNING);
    const more = ["--concurrency", "sql=2", "--metrics", "127.0.0.1:0"];
    const wrong = started.use(await startServer(data, [...flags, ...more], shifted(shiftMs)));
    assert.match(wrong.log(), /"event":"clock-differs"/);
    assert.ok(Math.abs((await clockOffset(wrong.metrics)) * 1_000 + shiftMs) < 1_000);
    const second = await createOne(wrong.client, "slow");
    await untilState(client, second, State.RUNNING);
    // Who claims looks for what has lost its worker first.
    const made = await untilState(client, await createOne(wrong.client, "wide", short), State.SUCCEEDED);
    assert.deepEqual(workersOf(made), [wrong.id]);
    assert.ok(Math.abs(Number(made.createTime?.seconds) * 1_000 - Date.now()) < 600_000);
    assert.deepEqual(workersOf((await client.getReport(first)).value), [right.id]);
    await client.cancelReport({ name: first });
    await until(
      async () => {
        const name = await createOne(client, "wide", short);
        return workersOf(await untilState(client, name, State.SUCCEEDED)).includes(right.id);
      },
      { within: 30_000, what: "a report that the server makes whose clock is right" },
    );
    const { attempts, state } = (await client.getReport(second)).value;
    assert.deepEqual([attempts.length, state], [1, State.RUNNING]);
  });
}

test("a cleaner whose clock is a day ahead expires no report and forgets no request early", {
  skip: lacksPostgres,
}, async () => {
  await using started = new AsyncDisposableStack();
  const data = started.use(await temporaryDirectory()).path;
  const store = ["--store", await emptyDatabase()];
  const right = started.use(await startServer(data, [...leased, ...store]));
  const wide = { kind: "reportKinds/wide", parameters: short };
  const request = {
    parent: "tenants/acme",
    requestId: crypto.randomUUID(),
    report: { ...wide, ttl: { seconds: 12n * 3_600n } },
  };
  const kept = reportNameOf((await right.client.createReport(request)).value);
  const brief = { ...request, requestId: "", report: { ...wide, ttl: { seconds: 1n } } };
  const gone = reportNameOf((await right.client.createReport(brief)).value);
  await untilState(right.client, kept, State.SUCCEEDED);
  const cleaner = ["--roles", "cleaner", "--clean-every", "1s"];
  started.use(await startServer(data, [...cleaner, ...store], shifted(25 * hourMs)));
  const state = async (name: string) => (await right.client.getReport(name)).value.state;
  await until(async () => (await state(gone)) === State.EXPIRED, { within: 30_000, what: "a round of the cleaner" });
  assert.equal(await state(kept), State.SUCCEEDED);
  assert.equal(reportNameOf((await right.client.createReport(request)).value), kept);
});

test("a clock that jumps ahead and back while a report runs ends no lease of it", async () => {
  await using started = new AsyncDisposableStack();
  const data = started.use(await temporaryDirectory()).path;
  const server = started.use(await startServer(data, [...leased, "--concurrency", "sql=2"], shifted(0)));
  const jumps = () => server.log().match(/"event":"clock-jumped"/g)?.length ?? 0;
  const name = await createOne(server.client, "slow");
  await untilState(server.client, name, State.RUNNING);
  for (const jump of [1, 2, 3]) {
    server.process.signal("SIGUSR2");
    await until(() => jumps() === jump, { within: 30_000, what: "that the server sees its clock jump" });
    // Its second worker looks for lost reports before it takes this one.
    await untilState(server.client, await createOne(server.client, "wide", short), State.SUCCEEDED);
  }
  const { attempts, state } = (await server.client.getReport(name)).value;
  assert.deepEqual([attempts.length, state], [1, State.RUNNING]);
});

function workersOf({ attempts }: Report): readonly string[] {
  return attempts.map(({ worker }) => worker);
}

async function clockOffset(metrics: string | undefined): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return Number(/^report_clock_offset_seconds (\S+)$/m.exec(text)?.[1]);
}
