import assert from "node:assert/strict";
import { test } from "node:test";
import { openAddresses } from "./open-addresses.ts";
import { parseNotifyUrl } from "./parse-notify-url.ts";

function says(text: string, networks: readonly string[] = []): string | undefined {
  const parsed = parseNotifyUrl(text, openAddresses(networks));
  return parsed instanceof URL ? undefined : parsed.says;
}

test("a receiver is an https URL without secrets in sight", () => {
  assert.equal(says("https://example.org/hooks/7?team=blue"), undefined);
  assert.match(says("http://example.org/") ?? "", /https/);
  assert.match(says("gopher://example.org/") ?? "", /https/);
  assert.match(says("https://user:word@example.org/") ?? "", /user/);
  assert.match(says("https://example.org/#here") ?? "", /fragment/);
  assert.match(says("example.org") ?? "", /URL/);
  assert.match(says(`https://example.org/${"x".repeat(2_048)}`) ?? "", /2048/);
});

test("an address that is not public is refused, however it is written", () => {
  for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"])
    assert.match(says(`https://${host}/`) ?? "", /not public/, host);
});

test("http goes only to this machine, and only where its network is allowed", () => {
  assert.match(says("http://127.0.0.1:80/") ?? "", /https/);
  assert.equal(says("http://127.0.0.1:80/", ["127.0.0.0/8"]), undefined);
  assert.match(says("http://10.0.0.1/", ["10.0.0.0/8"]) ?? "", /https/);
  assert.equal(says("https://10.0.0.1/", ["10.0.0.0/8"]), undefined);
});
