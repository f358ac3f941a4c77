import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { together } from "../lib/together.ts";
import type { ObjectStore, Stored, StoredObject } from "../ports/object-store.ts";
import { putFile } from "./put-file.ts";
import { unavailable } from "./retries.ts";
import type { S3Client } from "./s3-client.ts";
import { isMissing } from "./s3-error.ts";
import { elements, text } from "./xml.ts";

const pieceBytes = 64 * 1024;
// A broken connection is taken up again where it broke, so often without a byte in between.
const mostBreaks = 3;
const removedAtOnce = 8;
const never = new AbortController().signal;

/** Objects in an S3 bucket, below `prefix`. */
export function createS3Objects(client: S3Client, prefix: string): ObjectStore {
  async function* read(key: string, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let position = offset;
    for (let breaks = 0; ; breaks += 1) {
      const headers = position > 0 ? { range: `bytes=${position}-` } : {};
      const response = await client.open({ method: "GET", key, headers }, signal);
      const end = position + Number(response.headers["content-length"]);
      try {
        for await (const chunk of response) {
          breaks = 0;
          position += chunk.length;
          yield* piecesOf(chunk);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (breaks >= mostBreaks) throw unavailable(error);
      }
      if (position >= end) return;
    }
  }

  async function hashOf(key: string): Promise<Stored | undefined> {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    try {
      for await (const piece of read(key, 0, never)) {
        hash.update(piece);
        sizeBytes += piece.length;
      }
      return { sizeBytes, sha256: hash.digest("hex") };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function* list(below: string, signal: AbortSignal): AsyncGenerator<StoredObject> {
    for (let token: string | undefined = ""; token !== undefined; ) {
      const query = { "list-type": "2", "encoding-type": "url", prefix: prefix + below };
      const page: { readonly body: string } = await client.call(
        { method: "GET", key: undefined, query: token === "" ? query : { ...query, "continuation-token": token } },
        signal,
      );
      for (const item of elements(page.body, "Contents")) {
        const name = decodeURIComponent(text(item, "Key").replaceAll("+", " "));
        const writtenAtMs = Date.parse(text(item, "LastModified"));
        yield { key: name.slice(prefix.length), sizeBytes: Number(text(item, "Size")), writtenAtMs };
      }
      token = text(page.body, "IsTruncated") === "true" ? text(page.body, "NextContinuationToken") : undefined;
    }
  }

  return {
    async put(files) {
      const stored = await together(files.map(({ key, file }) => putFile(client, key, file, never)));
      await together(files.map(({ file }) => rm(file, { force: true })));
      return stored;
    },
    read,
    async check(key) {
      const vouched = await vouchedFor(client, key);
      if (vouched !== "unknown") return vouched;
      return hashOf(key);
    },
    async isThere(key) {
      return client.call({ method: "HEAD", key }, never).then(
        () => true,
        (error: unknown) => {
          if (isMissing(error)) return false;
          throw error;
        },
      );
    },
    async remove(below) {
      await client.call({ method: "DELETE", key: below }, never).catch((error: Error) => {
        if (!isMissing(error)) throw error;
      });
      let batch: Promise<unknown>[] = [];
      for await (const { key } of list(`${below}/`, never)) {
        batch.push(client.call({ method: "DELETE", key }, never));
        if (batch.length < removedAtOnce) continue;
        await Promise.all(batch);
        batch = [];
      }
      await Promise.all(batch);
    },
    list: (signal) => list("", signal),
    async removeUnfinished(beforeMs, keep) {
      const { body } = await client.call({ method: "GET", key: undefined, query: { uploads: "", prefix } }, never);
      const old = elements(body, "Upload").filter((upload) => Date.parse(text(upload, "Initiated")) <= beforeMs);
      for (const upload of keep ? [] : old) {
        const key = text(upload, "Key").slice(prefix.length);
        await client.call({ method: "DELETE", key, query: { uploadId: text(upload, "UploadId") } }, never);
      }
      return old.length;
    },
  };
}

/** What S3 has checked itself when the object came in one piece: its own metadata, which no client can set. */
async function vouchedFor(client: S3Client, key: string): Promise<Stored | undefined | "unknown"> {
  try {
    const headers = { "x-amz-checksum-mode": "ENABLED" };
    const head = (await client.call({ method: "HEAD", key, headers }, never)).headers;
    const checksum = head["x-amz-checksum-sha256"];
    // `…=-3` is a hash of the hashes of three parts.
    if (typeof checksum !== "string" || checksum.includes("-")) return "unknown";
    return { sizeBytes: Number(head["content-length"]), sha256: Buffer.from(checksum, "base64").toString("hex") };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function* piecesOf(chunk: Buffer): Generator<Uint8Array> {
  for (let start = 0; start < chunk.length; start += pieceBytes) yield chunk.subarray(start, start + pieceBytes);
}
