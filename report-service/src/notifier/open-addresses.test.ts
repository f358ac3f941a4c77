import assert from "node:assert/strict";
import { test } from "node:test";
import { openAddresses } from "./open-addresses.ts";

test("only the public internet is open, however an address is written", () => {
  const isOpen = openAddresses([]);
  const open = ["1.1.1.1", "203.1.113.9", "2606:4700::1111"];
  const closed = ["127.0.0.1", "10.9.8.7", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"];
  const closed6 = [
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
  ];
  assert.deepEqual(open.filter(isOpen), open);
  assert.deepEqual([...closed, ...closed6, "ff02::1", "224.0.0.1", "255.255.255.255", "", "x"].filter(isOpen), []);
});

test("networks that are named are open, too, and nothing beside them", () => {
  const isOpen = openAddresses(["127.0.0.0/8", "fd00::/8"]);
  const asked = ["127.0.0.1", "127.9.9.9", "fd00::1", "::1", "10.0.0.1", "169.254.169.254"];
  assert.deepEqual(asked.filter(isOpen), ["127.0.0.1", "127.9.9.9", "fd00::1"]);
});
