import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { makeFolder } from "../../../test/kit/folder.ts";
import { createDiskObjects } from "../disk/object-store.ts";
import { CallError } from "./call-error.ts";
import type { Elsewhere } from "./made-elsewhere.ts";
import { streamArtifact } from "./stream-artifact.ts";

const artifact = { format: "csv", key: "acme/a/1/report.csv", sizeBytes: 3, rows: 1, sha256: "0" } as const;
const never = new AbortController().signal;

test("bytes that another data center made and that are not here yet are worth asking for again; others are lost", async () => {
  await using folder = await makeFolder("objects");
  const objects = createDiskObjects(folder.path);
  const codeOf = async (madeElsewhere: Elsewhere | undefined) => {
    const error = await streamArtifact(objects, artifact, 0, madeElsewhere, never)
      .next()
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof CallError);
    return [error.code, error.details.map(({ typeUrl }) => typeUrl.split(".").at(-1))];
  };
  assert.deepEqual(await codeOf({ datacenter: "dc-b", isLost: true }), [status.DATA_LOSS, ["ErrorInfo"]]);
  assert.deepEqual(await codeOf({ datacenter: "dc-b", isLost: false }), [
    status.UNAVAILABLE,
    ["RetryInfo", "ErrorInfo"],
  ]);
  assert.deepEqual(await codeOf(undefined), [status.DATA_LOSS, ["ErrorInfo"]]);
});
