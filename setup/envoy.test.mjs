import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findEnvoy } from "./envoy.mjs";

/**
 * Puts a program named envoy of this version on PATH, alone, and takes WEIR_ENVOY away, until the test ends.
 * @param {import("node:test").TestContext} t
 * @param {string} version
 */
function putOnPath(t, version) {
  const folder = mkdtempSync(join(tmpdir(), "weir-path-"));
  const envoy = join(folder, "envoy");
  writeFileSync(envoy, `#!/bin/sh\necho "envoy  version: 0123abcd/${version}/Clean/RELEASE/BoringSSL"\n`, {
    mode: 0o755,
  });
  const before = { ...process.env };
  process.env.PATH = folder;
  delete process.env.WEIR_ENVOY;
  t.after(() => {
    process.env = before;
    rmSync(folder, { recursive: true });
  });
  return envoy;
}

test("an Envoy on PATH that is new enough is taken", async (t) => {
  const envoy = putOnPath(t, "1.41.2");
  assert.deepEqual(await findEnvoy({ flag: undefined, install: false }), { kind: "found", path: envoy });
});

test("an older Envoy on PATH is passed over", async (t) => {
  const envoy = putOnPath(t, "1.39.9");
  assert.notDeepEqual(await findEnvoy({ flag: undefined, install: false }), { kind: "found", path: envoy });
});

test("the flag goes before WEIR_ENVOY, and both before PATH", async (t) => {
  putOnPath(t, "1.40.0");
  process.env.WEIR_ENVOY = "/bin/sh";
  assert.deepEqual(await findEnvoy({ flag: undefined, install: false }), { kind: "found", path: "/bin/sh" });
  assert.deepEqual(await findEnvoy({ flag: "/bin/ls", install: false }), { kind: "found", path: "/bin/ls" });
});
