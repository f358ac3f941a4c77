import assert from "node:assert/strict";
import { test } from "node:test";
import { mainMirrors } from "./debian-package.mjs";

test("the mirror is found in the newer format of apt sources, past security and strangers", () => {
  const text = `Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
# a note
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib

Types: deb
URIs: http://other.example/node
Suites: nodistro
Components: main`;
  assert.deepEqual(mainMirrors(text), [{ address: "http://mirror.example/debian", suite: "bookworm" }]);
});

test("the mirror is found in the older format", () => {
  const text = `# deb http://off.example/debian bookworm main
deb http://cloud.example/apt cloud-sdk-bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian trixie main non-free
deb-src http://source.example/debian trixie main`;
  assert.deepEqual(mainMirrors(text), [{ address: "http://mirror.example/debian", suite: "trixie" }]);
});
