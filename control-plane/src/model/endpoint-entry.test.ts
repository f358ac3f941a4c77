import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../lib/parsed.ts";
import { parseAddress, parseEndpointEntry, parseEndpointList } from "./endpoint-entry.ts";
import type { SourceName } from "./names.ts";

const source = "static" as SourceName;

test("an entry needs no more than an address", () => {
  assert.deepEqual(parseEndpointEntry({ address: "127.0.0.1:9001" }, "static[0]", source), {
    ok: true,
    value: {
      id: "127.0.0.1:9001",
      address: { host: "127.0.0.1", port: 9001 },
      locality: { region: "", zone: "", subZone: "" },
      health: "serving",
      weight: 100,
      metadata: {},
      source,
    },
  });
});

test("metadata comes out sorted, whatever its order was", () => {
  const parsed = parseEndpointEntry({ address: "10.0.0.1:1", metadata: { zone: "z1", version: "v1" } }, "", source);
  assert.equal(parsed.ok && JSON.stringify(parsed.value.metadata), '{"version":"v1","zone":"z1"}');
});

test("an IPv6 address written in two ways is one address", () => {
  assert.deepEqual(parseAddress("[2001:DB8:0:0::1]:80"), parseAddress("[2001:db8::1]:80"));
});

test("everything wrong with an entry is said at once, each with its place", () => {
  const parsed = parseEndpointEntry(
    {
      address: "report.internal:99999",
      locality: "dc a",
      weight: 0,
      metadata: { version: 1 },
      health: "ok",
      id: "a b",
      port: 9,
    },
    "static[3]",
    source,
  );
  assert.ok(!parsed.ok);
  assert.deepEqual(parsed.problems.map(({ at }) => at).sort(), [
    "static[3].address",
    "static[3].address",
    "static[3].health",
    "static[3].id",
    "static[3].locality",
    "static[3].metadata.version",
    "static[3].port",
    "static[3].weight",
  ]);
});

for (const [raw, says] of [
  [undefined, /it is missing/],
  [9001, /got 9001/],
  ["127.0.0.1", /expected "address:port"/],
  ["2001:db8::1:80", /expected "address:port"/],
  ["127.0.0.1:0", /port 0/],
  ["localhost:80", /not an IP address/],
  ["0.0.0.0:80", /where a server listens/],
  ["[fe80::1%eth0]:80", /not an IP address/],
  ["1.2.3.4:80:90", /expected "address:port"/],
] as const) {
  test(`the address ${JSON.stringify(raw)} is refused`, () => {
    const parsed = parseAddress(raw);
    assert.ok(!parsed.ok);
    assert.match(parsed.problems.map(problemText).join(), says);
  });
}

test("a list names the entry whose address stands there twice", () => {
  const parsed = parseEndpointList([{ address: "10.0.0.1:1" }, { address: "10.0.0.1:1" }], "static", source);
  assert.ok(!parsed.ok);
  assert.equal(parsed.problems.map(problemText).join(), 'static[1].address: "10.0.0.1:1" stands already at static[0]');
});

test("a wrong address alone is one problem, not a wrong id too", () => {
  const parsed = parseEndpointEntry({ address: "report" }, "static[0]", source);
  assert.deepEqual(!parsed.ok && parsed.problems.map(({ at }) => at), ["static[0].address"]);
});

test("an empty list is a list", () => {
  assert.deepEqual(parseEndpointList([], "static", source), { ok: true, value: [] });
});

test("a metadata key that would be a prototype is refused", () => {
  const parsed = parseEndpointEntry(JSON.parse('{"address":"10.0.0.1:1","metadata":{"__proto__":"x"}}'), "", source);
  assert.ok(!parsed.ok);
});
