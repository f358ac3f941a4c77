import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { startTestApi } from "./testing-api.ts";

test("the page is at /, may run its own scripts only, and is not sent twice", async () => {
  await using api = await startTestApi();
  const { status, headers, text } = await api.get("/");
  assert.equal(status, 200);
  assert.match(String(headers["content-type"]), /^text\/html/);
  assert.match(String(headers["content-security-policy"]), /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.doesNotMatch(String(headers["content-security-policy"]), /unsafe|https?:/);
  assert.match(text, /<script type="module" src="\/page\/page\/main.ts">/);
  const again = await api.get("/", { "if-none-match": String(headers["etag"]) });
  assert.deepEqual([again.status, again.text], [304, ""]);
});

test("scripts are JavaScript, packed for who takes that", async () => {
  await using api = await startTestApi();
  const plain = await api.get("/page/page/main.ts");
  assert.match(String(plain.headers["content-type"]), /^text\/javascript/);
  const packed = await api.app.inject({
    url: "/page/page/main.ts",
    headers: { host: "localhost", "accept-encoding": "br, gzip" },
  });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(packed.rawPayload).toString(), plain.text);
});

test("nothing else of this machine is served, and not to pages of others", async () => {
  await using api = await startTestApi();
  for (const path of [
    "/page/package.json",
    "/page/../package.json",
    "/page/page%2f..%2f..%2fpackage.json",
    "/page/",
    "/page/src/main.ts",
  ])
    assert.equal((await api.get(path)).status, 404, path);
  assert.equal((await api.get("/", { host: "evil.example" })).status, 403);
});
