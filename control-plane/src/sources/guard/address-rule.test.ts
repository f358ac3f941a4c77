import assert from "node:assert/strict";
import { test } from "node:test";
import { addressRanges, anywhere, loopbackRanges } from "../../model/address-range.ts";
import { addressRule } from "./address-rule.ts";

for (const { title, allowed, good, bad } of [
  {
    title: "anywhere is every address but those that mean something to the machine that calls",
    allowed: anywhere,
    good: ["10.0.0.1", "203.0.113.9", "2001:db8::1", "::ffff:10.0.0.1"],
    bad: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "169.254.169.254", "::ffff:169.254.169.254"],
  },
  {
    title: "link-local, multicast and broadcast addresses are such too",
    allowed: anywhere,
    good: [],
    bad: ["169.254.1.1", "fe80::1", "fd00:ec2::254", "224.0.0.1", "255.255.255.255", "ff02::1"],
  },
  {
    title: "loopback that is allowed does not allow the rest of them",
    allowed: [...anywhere, ...loopbackRanges],
    good: ["127.0.0.1", "::1", "10.0.0.1"],
    bad: ["169.254.169.254", "169.254.1.1"],
  },
  {
    title: "ranges that are named are all that is allowed",
    allowed: addressRanges("10.1.0.0/16", "fd00:1::/32"),
    good: ["10.1.2.3", "fd00:1::9"],
    bad: ["10.2.0.1", "192.168.0.1", "2001:db8::1", "127.0.0.1"],
  },
  {
    title: "a metadata service is allowed only by its own name",
    allowed: addressRanges("0.0.0.0/0", "169.254.0.0/16"),
    good: ["169.254.1.1"],
    bad: ["169.254.169.254"],
  },
  {
    title: "and then it is",
    allowed: addressRanges("169.254.169.254"),
    good: ["169.254.169.254"],
    bad: [],
  },
]) {
  test(title, () => {
    const rule = addressRule(allowed);
    const allowedOnes = [...good, ...bad].filter((host) => rule({ host, port: 80 }) === undefined);
    assert.deepEqual(allowedOnes, good);
  });
}
