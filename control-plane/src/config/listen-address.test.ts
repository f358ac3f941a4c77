import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoopback, listenAddressText, parseListenAddress } from "./listen-address.ts";

test("an address to listen on is an IP address or localhost, and a port", () => {
  for (const [text, canonical, loopback] of [
    ["127.0.0.1:18000", "127.0.0.1:18000", true],
    ["127.9.9.9:0", "127.9.9.9:0", true],
    ["localhost:1", "127.0.0.1:1", true],
    ["[0:0:0:0:0:0:0:1]:1", "[::1]:1", true],
    ["0.0.0.0:65535", "0.0.0.0:65535", false],
    ["[::]:1", "[::]:1", false],
    ["[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1", false],
  ] as const) {
    const address = parseListenAddress(text);
    assert.ok(address, text);
    assert.equal(listenAddressText(address), canonical);
    assert.equal(isLoopback(address), loopback, text);
  }
  for (const text of [
    "",
    "18000",
    ":18000",
    "127.0.0.1",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "::1:1",
    "[127.0.0.1]:1",
    "host:1",
    "127.1:1",
    "[fe80::1%eth0]:1",
  ])
    assert.equal(parseListenAddress(text), undefined, text);
});
