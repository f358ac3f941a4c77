import assert from "node:assert/strict";
import { chown, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { lacksOpenssl, makeCertificates } from "../../../test/kit/certificates.ts";
import { makeFolder } from "../../../test/kit/folder.ts";
import { lacksPostgres, startPostgres } from "../../../test/kit/postgres.ts";
import { create, report } from "../../test/contract/place.ts";
import { connect } from "../../test/contract/postgres-place.ts";

const skip = lacksPostgres || lacksOpenssl;
const nobody = 65534;

test("sslmode=verify-full reaches the server that an authority vouches for by its name, and no other", {
  skip,
}, async () => {
  await using folder = await makeFolder("postgres-verify");
  const { ca, server } = await makeCertificates(folder.path);
  await using strangers = await makeFolder("postgres-strangers");
  const other = await makeCertificates(strangers.path);
  // Postgres takes a key only from a file that is its own.
  if (process.getuid?.() === 0) {
    for (const file of await readdir(folder.path)) await chown(join(folder.path, file), nobody, nobody);
    await chown(folder.path, nobody, nobody);
  }
  const settings = ["ssl=on", `ssl_cert_file=${server.cert}`, `ssl_key_file=${server.key}`];
  await using postgres = await startPostgres({ settings });

  const verified = `${postgres.url()}?sslmode=verify-full&sslrootcert=`;
  await using store = await connect(`${verified}${ca}`);
  await create(store.reports, report("a", 1));
  const isSecure = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid)";
  assert.equal(postgres.sql(`${isSecure} where application_name = 'weir-reports'`).trim(), "t");

  await assert.rejects(connect(`${verified}${other.ca}`), /self-signed certificate|unable to verify/);
  const otherName = `${verified}${ca}`.replace("127.0.0.1", "localhost");
  await assert.rejects(connect(otherName), /does not match|altnames/);
});
