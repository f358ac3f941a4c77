import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findKubernetes } from "./kubernetes.mjs";

test("a folder that is named counts if all three programs are in it, and else what it lacks is told", async (t) => {
  const before = process.env.WEIR_KUBERNETES;
  const folder = await mkdtemp(join(tmpdir(), "weir-kubernetes-"));
  t.after(async () => {
    if (before === undefined) delete process.env.WEIR_KUBERNETES;
    else process.env.WEIR_KUBERNETES = before;
    await rm(folder, { recursive: true });
  });
  process.env.WEIR_KUBERNETES = folder;
  await writeFile(join(folder, "etcd"), "", { mode: 0o755 });
  const lacking = await findKubernetes({ install: false });
  assert.equal(lacking.kind, "missing");
  assert.equal(
    lacking.kind === "missing" && lacking.why,
    `WEIR_KUBERNETES names ${folder}, which lacks kube-apiserver, kube-controller-manager`,
  );
  for (const name of ["kube-apiserver", "kube-controller-manager"])
    await writeFile(join(folder, name), "", { mode: 0o755 });
  assert.deepEqual(await findKubernetes({ install: false }), { kind: "found", path: folder });
});
