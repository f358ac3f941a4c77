import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { documentFeatures } from "./document-features.ts";
import { missingFeatures } from "./golden-coverage.ts";

const cases = fileURLToPath(new URL("../../testdata/translate", import.meta.url));

test("every field of every document, and every word that one may hold, stands in a golden case for Envoy and in one for gRPC", async () => {
  const { envoy, grpc } = await missingFeatures(cases);
  const says = (client: string, missing: readonly string[]) =>
    `no case in control-plane/testdata/translate shows ${client} what becomes of:\n  ${missing.join("\n  ")}\n` +
    "Write one, or put the field into a case that is there, and let npm run golden write what comes of it.";
  assert.equal(envoy.length, 0, says("an Envoy", envoy));
  assert.equal(grpc.length, 0, says("a gRPC client", grpc));
});

test("a feature counts for the kind of client that a case is for", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-coverage-"));
  try {
    const document = "apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: report}\nspec: {protocol: HTTP1}\n";
    await writeFile(join(folder, "report.in.yaml"), `# a reason\nviewers: [sidecar dc-a/z1]\n---\n${document}`);
    const { envoy, grpc } = await missingFeatures(folder);
    const feature = "Service spec.protocol = HTTP1";
    assert.deepEqual([envoy.includes(feature), grpc.includes(feature)], [false, true]);
    assert.deepEqual(documentFeatures.filter((each) => !envoy.includes(each)).sort(), [
      "Service spec",
      "Service spec.protocol",
      feature,
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
