import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText, parseAddress } from "./address.ts";

test("an address says the view and what is looked at, and is read as it was written", () => {
  for (const address of [
    { view: "traffic", service: "report", from: "dc-a/z1" },
    { view: "clients", group: "envoy edge dc-a/z1" },
    { view: "changes", revision: 12 },
    { view: "sources" },
  ] as const)
    assert.deepEqual(parseAddress(addressText(address)), address);
});

test("what makes no sense in an address is passed over", () => {
  assert.deepEqual(parseAddress(""), { view: "traffic" });
  assert.deepEqual(parseAddress("#nonsense?service=&revision=-1&x=y"), { view: "traffic" });
});

test("a window and a moment of the past are kept in the address, and what is no moment is passed over", () => {
  const address = { view: "traffic", service: "report", window: "1h", at: 1_767_225_600 } as const;
  assert.deepEqual(parseAddress(addressText(address)), address);
  assert.deepEqual(parseAddress("#traffic?window=2y&at=yesterday"), { view: "traffic" });
});
