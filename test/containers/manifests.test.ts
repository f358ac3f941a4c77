import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../kit/folder.ts";
import { manifestsIn } from "../kubernetes/objects.ts";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test("the settings in k8s/base/weir.yaml are settings of weir serve, of files that its pod has", async () => {
  const text = await readFile(at("k8s/base/weir.yaml"), "utf8");
  const settings = manifestsIn(text).find(({ kind }) => kind === "ConfigMap")?.data?.["server.yaml"] ?? "";
  await using folder = await makeFolder("manifests");
  const file = join(folder.path, "server.yaml");
  await writeFile(file, settings);
  const args = [at("control-plane/src/main.ts"), "config", "--server-config", file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^xds\.address +0\.0\.0\.0:18000 /m);
  const named = [...settings.matchAll(/(\/[\w./-]+)\/[\w-]+\.\w+/g)].map(([, directory = ""]) => directory);
  assert.equal(named.length, 6);
  for (const directory of named) assert.ok(text.includes(`mountPath: ${directory},`), directory);
});
