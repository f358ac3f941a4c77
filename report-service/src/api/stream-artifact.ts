import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type Chunk, ChunkSchema } from "@weir/proto/report/v1/report_pb.ts";
import type { Artifact } from "../model/report.ts";
import { ObjectDamaged, type ObjectStore } from "../ports/object-store.ts";
import { CallError, errorInfo, retryInfo } from "./call-error.ts";
import type { ArtifactNote, Elsewhere } from "./made-elsewhere.ts";

/**
 * An artifact's bytes from `offset` on. A read from the start is checked on the way: bytes that are not those recorded
 * end in DATA_LOSS before the last chunk, so that no client takes them for the report. What was made in another data center
 * (`madeElsewhere`) may not be here yet.
 */
export async function* streamArtifact(
  objects: ObjectStore,
  { key, sizeBytes, sha256 }: Artifact,
  offset: number,
  madeElsewhere: Elsewhere | undefined,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  if (offset < 0 || offset > sizeBytes) {
    throw new CallError(status.OUT_OF_RANGE, `offset ${offset} is not within the ${sizeBytes} bytes of this report`, [
      errorInfo("OFFSET_OUT_OF_RANGE", { size: String(sizeBytes) }),
    ]);
  }
  const totalSize = BigInt(sizeBytes);
  const hash = offset === 0 ? createHash("sha256") : undefined;
  const verify = () => {
    if (hash && hash.digest("hex") !== sha256) throw dataLoss(`the bytes of ${key} are not those that were recorded`);
  };

  let position = offset;
  if (position === sizeBytes) {
    verify();
    yield create(ChunkSchema, { offset: BigInt(position), totalSize, sha256 });
    return;
  }
  for await (const data of readThere(objects, key, offset, madeElsewhere, signal)) {
    const next = position + data.length;
    hash?.update(data);
    if (next === sizeBytes) verify();
    const last = next >= sizeBytes;
    yield create(ChunkSchema, { offset: BigInt(position), data, totalSize, ...(last && { sha256 }) });
    position = next;
  }
  if (position !== sizeBytes) throw dataLoss(`${key} has ${position} bytes, of ${sizeBytes} recorded`);
}

/** A store says in its own words that nothing is there. */
async function* readThere(
  objects: ObjectStore,
  key: string,
  offset: number,
  madeElsewhere: Elsewhere | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* objects.read(key, offset, signal);
  } catch (cause) {
    if (cause instanceof ObjectDamaged) throw dataLoss(cause.message);
    if (signal.aborted || (await objects.isThere(key))) throw cause;
    if (madeElsewhere !== undefined) throw new NotHere(key, madeElsewhere);
    throw dataLoss(`the bytes of ${key} are gone`);
  }
}

/**
 * The report is known here before its bytes are, where both are copied; as long as their data center may come back, nothing is
 * lost.
 */
export class NotHere extends CallError {
  readonly note: ArtifactNote;

  constructor(key: string, { datacenter, isLost }: Elsewhere) {
    const made = `the bytes were made in data center ${datacenter}`;
    if (isLost) {
      const message = `${made}, which is lost, and were not copied here; retry the report to make it again`;
      super(status.DATA_LOSS, message, [errorInfo("ARTIFACT_LOST", { datacenter })]);
    } else {
      super(status.UNAVAILABLE, `${made} and are not here yet; try again, or ask there`, [
        retryInfo(5_000),
        errorInfo("ARTIFACT_NOT_HERE_YET", { datacenter }),
      ]);
    }
    this.note = { kind: "artifact-not-here", key, datacenter, isLost };
  }
}

/** The same of what a client says it has sent to another data center: whether it has is not to be seen from here. */
export function uploadNotHereYet(name: string, datacenter: string): CallError {
  const message =
    `${name} belongs to data center ${datacenter} and its bytes are not here; if they were sent, try again or complete it ` +
    "there, or make another upload here";
  return new CallError(status.UNAVAILABLE, message, [
    retryInfo(5_000),
    errorInfo("UPLOAD_NOT_HERE_YET", { datacenter }),
  ]);
}

function dataLoss(message: string): CallError {
  return new CallError(status.DATA_LOSS, message, [errorInfo("ARTIFACT_DAMAGED")]);
}
