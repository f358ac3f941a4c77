import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { InputMediaType, KindInput } from "../model/kind.ts";
import type { Failure, Report } from "../model/report.ts";
import { objectOfUpload, type Upload } from "../model/upload.ts";
import { ObjectDamaged, type ObjectStore } from "../ports/object-store.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import type { JobInput } from "./runtime.ts";

export type Fetched =
  | { readonly ok: true; readonly inputs: readonly JobInput[] }
  | { readonly ok: false; readonly failure: Failure };

/** Puts a report's uploads into `directory`, which holds nothing else after that: the first for the first input, and so on. */
export async function fetchInputs(
  report: Report,
  wanted: readonly KindInput[],
  directory: string,
  { uploads, objects }: { readonly uploads: UploadStore; readonly objects: ObjectStore },
  signal: AbortSignal,
): Promise<Fetched> {
  await rm(directory, { recursive: true, force: true });
  if (wanted.length === 0) return { ok: true, inputs: [] };
  await mkdir(directory, { recursive: true });
  const inputs: JobInput[] = [];
  for (const [at, { name, mediaTypes }] of wanted.entries()) {
    const id = report.uploads[at];
    const upload = id && (await uploads.read({ tenant: report.tenant, id }, signal));
    if (!upload) return missing(`there is no upload for ${name}; it may have expired`);
    const mediaType = mediaTypes.find((type) => type === upload.mediaType);
    if (!mediaType) return invalid(`${name} is ${upload.mediaType}; this kind reads ${mediaTypes.join(", ")}`);
    const path = join(directory, name);
    const sha256 = await copy(objects, upload, path, signal);
    if (sha256 !== upload.sha256) return invalid(`the bytes of ${name} are not those that were promised`);
    inputs.push({ name, mediaType: mediaType satisfies InputMediaType, path });
  }
  return { ok: true, inputs };
}

/** The hash of what came; undefined where the object store itself found that it is not what was put there. */
async function copy(
  objects: ObjectStore,
  upload: Upload,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      done(null, piece);
    },
  });
  try {
    await pipeline(objects.read(objectOfUpload(upload), 0, signal), hashing, createWriteStream(path), { signal });
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof ObjectDamaged) return undefined;
    throw error;
  }
}

function missing(message: string): Fetched {
  return { ok: false, failure: { reason: "INPUT_MISSING", message } };
}

function invalid(message: string): Fetched {
  return { ok: false, failure: { reason: "INPUT_INVALID", message } };
}
