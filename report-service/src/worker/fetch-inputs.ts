import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { InputMediaType, KindInput } from "../model/kind.ts";
import type { Failure, Report } from "../model/report.ts";
import { datacenterOf } from "../model/report-id.ts";
import { objectOfUpload, type Upload } from "../model/upload.ts";
import { ObjectDamaged, type ObjectStore } from "../ports/object-store.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import type { JobInput } from "./runtime.ts";

export type FetchParts = {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly datacenter: string;
  /** Whose bytes will not come any more. */
  readonly lostDatacenters: ReadonlySet<string>;
};

/** `not-here-yet`: the upload is known here before its bytes are, where both are copied from another data center. */
export type Fetched =
  | { readonly kind: "fetched"; readonly inputs: readonly JobInput[] }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "not-here-yet"; readonly message: string };

/**
 * Puts a report's uploads into `directory`, which holds nothing else after that: the first for the first input, and so on.
 * `datacenter` is this worker's.
 */
export async function fetchInputs(
  report: Report,
  wanted: readonly KindInput[],
  directory: string,
  { uploads, objects, ...here }: FetchParts,
  signal: AbortSignal,
): Promise<Fetched> {
  await rm(directory, { recursive: true, force: true });
  if (wanted.length === 0) return { kind: "fetched", inputs: [] };
  await mkdir(directory, { recursive: true });
  const inputs: JobInput[] = [];
  for (const [at, { name, mediaTypes }] of wanted.entries()) {
    const id = report.uploads[at];
    const upload = id && (await uploads.read({ tenant: report.tenant, id }, signal));
    if (!upload) return missing(`there is no upload for ${name}; it may have expired`);
    const mediaType = mediaTypes.find((type) => type === upload.mediaType);
    if (!mediaType) return invalid(`${name} is ${upload.mediaType}; this kind reads ${mediaTypes.join(", ")}`);
    const path = join(directory, name);
    const sha256 = await copy(objects, upload, path, signal).catch(async (cause: unknown) => {
      if (signal.aborted || (await objects.isThere(objectOfUpload(upload)))) throw cause;
      return "not-there" as const;
    });
    if (sha256 === "not-there") return notThere(name, upload, here);
    if (sha256 !== upload.sha256) return invalid(`the bytes of ${name} are not those that were promised`);
    inputs.push({ name, mediaType: mediaType satisfies InputMediaType, path });
  }
  return { kind: "fetched", inputs };
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

function notThere(
  input: string,
  { id }: Upload,
  { datacenter, lostDatacenters }: Pick<FetchParts, "datacenter" | "lostDatacenters">,
): Fetched {
  const home = datacenterOf(id);
  if (home === datacenter) return missing(`the bytes of ${input} are gone; upload them again`);
  if (lostDatacenters.has(home)) {
    const sent = `the bytes of ${input} were sent to ${home}, which is lost, and were not copied to ${datacenter}`;
    return missing(`${sent}; upload them again and create the report with that upload`);
  }
  return {
    kind: "not-here-yet",
    message: `the bytes of ${input} were sent to ${home} and are not in ${datacenter} yet`,
  };
}

function missing(message: string): Fetched {
  return { kind: "failed", failure: { reason: "INPUT_MISSING", message } };
}

function invalid(message: string): Fetched {
  return { kind: "failed", failure: { reason: "INPUT_INVALID", message } };
}
