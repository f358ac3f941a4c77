import assert from "node:assert/strict";
import { cp, mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "../../../test/kit/folder.ts";
import { testKinds } from "../../test/server-process.ts";
import { readKinds } from "./read-kinds.ts";

test("kinds are read from a ConfigMap that Kubernetes has mounted, and from a folder that holds others", async () => {
  await using folder = await makeFolder("kinds");
  await cp(testKinds, join(folder.path, "plain"), { recursive: true });
  await mkdir(join(folder.path, "plain", "more"));
  const plain = await readKinds(join(folder.path, "plain"));
  assert.ok(plain.ok && [...plain.value.keys()].map(String).includes("scripted"), JSON.stringify(plain));

  // What the kubelet makes: each name leads to a folder that is replaced as one.
  const mounted = join(folder.path, "mounted");
  await mkdir(mounted);
  await rename(join(folder.path, "plain"), join(mounted, "..2026_11_23"));
  await symlink("..2026_11_23", join(mounted, "..data"));
  for (const name of ["scripted.yaml", "wide.yaml", "more"]) await symlink(join("..data", name), join(mounted, name));
  const kinds = await readKinds(mounted);
  assert.ok(kinds.ok, JSON.stringify(kinds));
  assert.deepEqual([...kinds.value.keys()].sort(), ["scripted", "wide"]);
});
