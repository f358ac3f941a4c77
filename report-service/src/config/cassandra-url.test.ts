import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig, usage } from "../config.ts";
import { parseCassandraUrl } from "./cassandra-url.ts";

const parsed = (url: string) => {
  const settings = parseCassandraUrl(url);
  return settings.ok ? settings.value : settings.problems.map(({ at, says }) => `${at} ${says}`).join("\n");
};

test("a URL of Cassandra says where, whose replicas and how many", () => {
  const url = "cassandra://weir:s%40c:ret@a:9042,b/reports?datacenter=dc-a&copies=dc-a:3,dc-b:2&serial=global";
  assert.deepEqual(parsed(url), {
    contactPoints: ["a:9042", "b"],
    credentials: { user: "weir", password: "s@c:ret" },
    ...{ keyspace: "reports", datacenter: "dc-a", replication: { "dc-a": 3, "dc-b": 2 }, serial: "global" },
    timeoutMs: 10_000,
  });
  assert.deepEqual(parsed("cassandra://a/reports?datacenter=dc-a"), {
    contactPoints: ["a"],
    ...{ keyspace: "reports", datacenter: "dc-a", replication: { "dc-a": 1 }, serial: "local", timeoutMs: 10_000 },
  });
});

test("cassandras is TLS, with files for certificates and for the password", () => {
  const secure = (options: string) => parsed(`cassandras://weir@a/reports?datacenter=x${options}`);
  const settings = secure("&ca=/c/ca.pem&cert=/c/c.pem&key=/c/k.pem&password-file=/s/p");
  assert.ok(typeof settings !== "string", String(settings));
  assert.deepEqual(settings.tls, { ca: "/c/ca.pem", cert: "/c/c.pem", key: "/c/k.pem" });
  assert.deepEqual(settings.credentials, { user: "weir", passwordFile: "/s/p" });
  const plain = parsed("cassandras://a/reports?datacenter=x");
  assert.deepEqual(typeof plain !== "string" && plain.tls, {});
});

test("what is wrong with a URL is said, all at once", () => {
  for (const [url, says] of [
    ["cassandra://", /^ must be cassandra:/],
    ["cassandra://a/Reports'?datacenter=x", /^ must be cassandra:/],
    ["cassandra://weir:a@b@c/reports?datacenter=x", /own @ .* as %40/],
    ["cassandra://a/?datacenter=x", /needs the name of a keyspace/],
    ["cassandra://a/reports", /^datacenter is needed/],
    ["cassandra://a/reports?datacenter=x&copies=x", /^copies is written/],
    ["cassandra://a/reports?datacenter=x&copies=x:0", /^copies is written/],
    ["cassandra://a/reports?datacenter=x&serial=none", /^serial must be local or/],
    [
      "cassandra://a/reports?datacentre=x&serial=none",
      /^datacentre is no option.*\ndatacenter is needed.*\nserial must/,
    ],
    ["cassandra://a/reports?datacenter=x&ca=/c", /^ca needs TLS: cassandras:/],
    ["cassandras://a/reports?datacenter=x&ca=", /^ca is empty/],
    ["cassandras://a/reports?datacenter=x&cert=/c", /^key is needed, too/],
    ["cassandras://a/reports?datacenter=x&key=/c", /^cert is needed, too/],
    ["cassandras://weir@a/reports?datacenter=x", /^password-file is needed/],
    ["cassandras://weir@a/reports?datacenter=x&password-file=", /^password-file is needed/],
    ["cassandras://weir:hunter2@a/reports?datacenter=x&password-file=/p", /^password-file and a password .* too many/],
    ["cassandras://:hunter2@a/reports?datacenter=x", /^user is missing/],
    ["cassandras://a/reports?datacenter=x&password-file=/p", /^user is missing/],
    ["cassandras://weir:hunter2%zz@a/reports?datacenter=x", /has a % that begins no code/],
  ] as const) {
    const said = String(parsed(url));
    assert.match(said, says, url);
    assert.doesNotMatch(said, /hunter2/);
  }
});

test("neither what is wrong with a configuration nor --help repeats a password of Cassandra", () => {
  const required = ["--data", "/tmp/x", "--locality", "dc-a/z1"];
  for (const url of [
    "cassandras://weir:hunter2@a/reports",
    "cassandras://weir:hun/ter2@a/reports?datacenter=x",
    "cassandras:weir:hunter2@a/reports",
    "cassandras://weir:hun@ter2@a/?datacenter=x",
  ]) {
    const config = parseConfig(required, { WEIR_REPORT_STORE: url }, { kinds: "/kinds", id: "made-up" });
    assert.ok(!config.ok, url);
    assert.ok(
      config.problems.every(({ at, says }) => at === "--store" && !/hun|ter2/.test(says)),
      url,
    );
  }
  assert.doesNotMatch(usage, /hunter2/);
});
