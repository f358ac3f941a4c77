import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chown } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "../../../test/kit/folder.ts";
import { lacksPostgres, type PostgresServer, startPostgres } from "../../../test/kit/postgres.ts";
import { until } from "../../../test/kit/wait.ts";
import { connectAlone, databaseAt, postgresPlaces } from "../../test/contract/postgres-place.ts";

const skip = lacksPostgres;
// Who runs Postgres where tests run as root.
const nobody = 65534;
const { server, emptyDatabase } = postgresPlaces();
// Far more than any of these tests takes: nothing ends because it came to that.
const patienceMs = 60_000;
const waitForLock = { text: "select pg_advisory_lock(1)" };
const sleepMs = (ms: number) => ({ text: `select pg_sleep(${ms / 1_000})` });

/** A database with few connections, and somebody who holds the lock that `waitForLock` waits for. */
async function openLocked(max: number) {
  return openLockedAt(await emptyDatabase(), (await server()).sql, max);
}

async function openLockedAt(url: string, sql: PostgresServer["sql"], max: number) {
  await using stack = new AsyncDisposableStack();
  const holder = await connectAlone(url);
  stack.defer(() => holder.end());
  await holder.query(waitForLock.text);
  const database = stack.use(databaseAt(url, { patienceMs, max }));
  const name = new URL(url).pathname.slice(1);
  const running = () =>
    Number(sql(`select count(*) from pg_stat_activity where datname = '${name}' and wait_event = 'advisory'`));
  const moved = stack.move();
  return { database, running, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

test("who leaves hears so at once, and Postgres no longer runs what was asked", { skip }, async () => {
  await using place = await openLocked(1);
  const { database, running } = place;
  const leaving = new AbortController();
  const asked = database.query(waitForLock, [], leaving.signal);
  await until(() => running() === 1, { within: 30_000, what: "it waits for the lock" });
  const leftMs = performance.now();
  leaving.abort(new Error("gone"));
  await assert.rejects(asked, /gone/);
  // The only connection there may be was taken by it.
  assert.deepEqual(await database.query({ text: "select 1 as one" }, []), [{ one: 1 }]);
  assert.ok(performance.now() - leftMs < patienceMs / 2, "it was not patience that ended");
  assert.equal(running(), 0);
});

test("when all connections are taken by what nobody waits for any more, all of them come free", { skip }, async () => {
  await using place = await openLocked(4);
  const { database, running } = place;
  const leaving = new AbortController();
  const asked = Array.from({ length: 4 }, () => database.query(waitForLock, [], leaving.signal));
  await until(() => running() === 4, { within: 30_000, what: "four wait for the lock" });
  asked.push(database.query(waitForLock, [], leaving.signal));
  const leftMs = performance.now();
  leaving.abort(new Error("gone"));
  for (const each of await Promise.allSettled(asked)) assert.equal(each.status, "rejected");
  // Neither those that ran nor the one that waited for a connection.
  assert.ok(performance.now() - leftMs < patienceMs / 2, "it was not patience that ended");
  await Promise.all(Array.from({ length: 8 }, () => database.query({ text: "select 1" }, [])));
  await until(() => running() === 0, { within: 30_000, what: "none waits for the lock" });
});

test("leaving just as the answer comes hits nothing that runs after it", { skip }, async () => {
  await using place = await openLocked(2);
  const { database } = place;
  const counts = { answered: 0, left: 0 };
  for (let round = 0; round < 80; round += 1) {
    const leaving = AbortSignal.timeout(1 + (round % 5));
    const asked = database.query(sleepMs(2), [], leaving).then(
      () => (counts.answered += 1),
      (error: Error) => {
        assert.equal(error.name, "TimeoutError");
        counts.left += 1;
      },
    );
    // One at the other connection, and then one at whichever comes free.
    await Promise.all([asked, database.query(sleepMs(1), [])]);
    await Promise.all([database.query(sleepMs(2), []), database.query(sleepMs(2), [])]);
  }
  assert.equal(counts.answered + counts.left, 80);
  assert.ok(counts.left > 0, "nobody left");
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
test("over TLS, too, Postgres hears that somebody has left", { skip: skip || !hasOpenssl }, async () => {
  await using folder = await makeFolder("postgres-tls");
  const files = await makeCertificate(folder.path);
  const settings = ["ssl=on", `ssl_cert_file=${files.cert}`, `ssl_key_file=${files.key}`];
  await using postgres = await startPostgres({ settings });
  await using place = await openLockedAt(`${postgres.url()}?sslmode=no-verify`, postgres.sql, 1);
  const { database, running } = place;
  const ask = { text: "select ssl from pg_stat_ssl where pid = pg_backend_pid()" };
  assert.deepEqual(await database.query(ask, []), [{ ssl: true }]);
  const leaving = new AbortController();
  const asked = database.query(waitForLock, [], leaving.signal);
  await until(() => running() === 1, { within: 30_000, what: "it waits for the lock" });
  leaving.abort(new Error("gone"));
  await assert.rejects(asked, /gone/);
  await until(() => running() === 0, { within: 30_000, what: "it no longer waits" });
});

/** Postgres takes a key only from a file that is its own. */
async function makeCertificate(folder: string) {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=postgres",
  ];
  const { status, stderr } = spawnSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert]);
  assert.equal(status, 0, String(stderr));
  if (process.getuid?.() === 0) for (const path of [folder, key, cert]) await chown(path, nobody, nobody);
  return { key, cert };
}
