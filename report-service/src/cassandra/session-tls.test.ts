import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { Client } from "cassandra-driver";
import { firstAddress, lacksCassandra, startCassandra, startSecuredCassandra } from "../../../test/kit/cassandra.ts";
import { type Certificates, lacksOpenssl, makeCertificates } from "../../../test/kit/certificates.ts";
import { makeFolder } from "../../../test/kit/folder.ts";
import { startRelay } from "../../../test/kit/relay.ts";
import { until } from "../../../test/kit/wait.ts";
import { createOne } from "../../test/calls.ts";
import { startServer, temporaryDirectory } from "../../test/server-process.ts";
import { connectionTo } from "./connection.ts";
import { connect } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";

const [user, password] = ["reports", "canary 4711 & co"];

test("Cassandra is reached by TLS, with a certificate and as a user with a password, and by nobody else", {
  skip: lacksCassandra || lacksOpenssl,
}, async (t) => {
  await using folder = await makeFolder("cassandra-security");
  // The driver knows nodes by their addresses; a name of the URL counts as well.
  const files = await makeCertificates(folder.path, `IP:${firstAddress},DNS:localhost`);
  await using strangers = await makeFolder("cassandra-strangers");
  const others = await makeCertificates(strangers.path);
  await using cassandra = await startSecuredCassandra({ certificates: files });
  const address = cassandra.nodes[0]?.address ?? "";
  // Somebody in between, whose address the certificate does not name.
  await using between = await startRelay(address);
  const [passwordFile, wrongFile] = [join(folder.path, "password"), join(folder.path, "wrong")];
  await Promise.all([writeFile(passwordFile, `${password}\n`), writeFile(wrongFile, "canary 0815")]);
  await asSuperuser(address, files, `create role ${user} with login = true and password = '${password}'`);

  const own = { ca: files.ca, cert: files.client.cert, key: files.client.key };
  const urlOf = (host: string, options: Readonly<Record<string, string>>, login = `${user}@`, scheme = "cassandras") =>
    `${scheme}://${login}${host}/reports?${new URLSearchParams({ datacenter: "dc-a", ...options })}`;
  const withFile = { ...own, "password-file": passwordFile };
  for (const [what, url] of [
    ["with the password of a file", urlOf(address, withFile)],
    ["with the password of the URL", urlOf(address, own, `${user}:${encodeURIComponent(password)}@`)],
    ["by a name that the certificate has", urlOf(between.address.replace("127.0.0.1", "localhost"), withFile)],
  ] as const) {
    await t.test(`a report is made, read and listed ${what}`, () => makesReport(url));
  }

  const { ca, ...certificate } = withFile;
  const { cert: _cert, key: _key, ...anonymous } = withFile;
  const foreign = { cert: others.client.cert, key: others.client.key };
  for (const [what, url, reason] of [
    ["another authority", urlOf(address, { ...withFile, ca: others.ca }), /none of the authorities that ca=FILE/],
    ["no authority", urlOf(address, certificate), /none of the authorities .* or of Node's/],
    [
      "an address that its certificate does not name",
      urlOf(between.address, withFile),
      /altnames.*has to name its addr/,
    ],
    ["no client certificate", urlOf(address, anonymous), /wants a client certificate .*cert=FILE&key=FILE/],
    [
      "a client certificate of another authority",
      urlOf(address, { ...withFile, ...foreign }),
      /does not trust .* cert=FILE/,
    ],
    [
      "another password",
      urlOf(address, { ...own, "password-file": wrongFile }),
      /password are incorrect .*password-file=FILE/,
    ],
    ["no user", urlOf(address, own, ""), /requires authentication.*USER@HOST/],
    [
      "no file with the password",
      urlOf(address, { ...own, "password-file": "/none" }),
      /password-file=\/none cannot be read/,
    ],
    ["no file with the authority", urlOf(address, { ...withFile, ca: "/none" }), /\?ca=\/none cannot be read: ENOENT/],
    ["a key that is another's", urlOf(address, { ...withFile, key: others.client.key }), /cannot be used together/],
    ["an authority that is none", urlOf(address, { ...withFile, ca: passwordFile }), /must hold a certificate, in PEM/],
    ["no TLS", urlOf(address, { "password-file": passwordFile }, `${user}@`, "cassandra"), /wants TLS/],
  ] as const) {
    await t.test(`${what}: a server does not start, and says why`, () => refuses(url, reason));
  }

  await t.test("a new password in the file is taken at the next login, without a restart", async () => {
    const connection = connectionTo({ ...settingsOf(address, files), credentials: { user, passwordFile } });
    const login = async () => {
      const client = new Client(connection);
      await client.connect().finally(() => client.shutdown());
    };
    await login();
    await asSuperuser(address, files, `alter role ${user} with password = 'another one'`);
    const isRefused = () =>
      login().then(
        () => false,
        (error: Error) => /password are incorrect/.test(error.message),
      );
    await until(isRefused, { within: 60_000, what: "Cassandra goes by the new password" });
    await writeFile(passwordFile, "another one\n");
    await login();
  });
});

test("a server that wants TLS does not start where Cassandra has none, and says why", {
  skip: lacksCassandra,
}, async () => {
  await using cassandra = await startCassandra();
  const url = `cassandras://${cassandra.nodes[0]?.address}/reports?datacenter=dc-a`;
  await refuses(url, /it speaks no TLS there: cassandra:/);
});

async function makesReport(url: string): Promise<void> {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--log-level", "debug"], { WEIR_REPORT_STORE: url });
  const { client } = server;
  const name = await createOne(client, "wide", { rows: 3 });
  assert.equal((await client.waitForEnd(name, { timeoutMs: 60_000 })).state, State.SUCCEEDED);
  assert.equal((await client.getReport(name)).value.name, name);
  const { reports } = (await client.listReports({ parent: "tenants/acme" })).value;
  assert.ok(reports.some((report) => report.name === name));
  assert.doesNotMatch(server.log(), /canary/);
}

async function refuses(url: string, reason: RegExp): Promise<void> {
  await using data = await temporaryDirectory();
  await assert.rejects(startServer(data.path, [], { WEIR_REPORT_STORE: url }), (error: Error) => {
    assert.match(error.message, reason);
    assert.doesNotMatch(error.message, /canary/);
    return true;
  });
}

function settingsOf(address: string, { ca, client }: Certificates): CassandraSettings {
  return {
    ...{ contactPoints: [address], keyspace: "reports", datacenter: "dc-a", replication: {}, serial: "local" },
    tls: { ca, cert: client.cert, key: client.key },
    timeoutMs: 20_000,
  };
}

async function asSuperuser(address: string, files: Certificates, statement: string): Promise<void> {
  const credentials = { user: "cassandra", password: "cassandra" };
  await using session = await connect({ ...settingsOf(address, files), credentials });
  await session.rows(statement, []);
}
