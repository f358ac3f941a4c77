import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Stored } from "../ports/object-store.ts";
import type { FilePart, S3Client } from "./s3-client.ts";
import { S3Error } from "./s3-error.ts";
import { text } from "./xml.ts";

/** What is sent at once; S3 takes up to 10,000 parts, all but the last of at least 5 MiB. */
export const partBytes = 16 * 1024 ** 2;
const partsAtOnce = 4;

/**
 * Sends a file, in parts where it is large; each part with its hash, so that the store takes no other bytes. What was
 * begun is given up when it fails, so that nobody pays for parts of nothing.
 */
export async function putFile(client: S3Client, key: string, path: string, signal: AbortSignal): Promise<Stored> {
  const { parts, sha256, sizeBytes } = await hashParts(path);
  const [only, ...others] = parts;
  if (only && others.length === 0) await client.call({ method: "PUT", key, body: only }, signal);
  else await putParts(client, key, { parts, sizeBytes }, signal);
  return { sizeBytes, sha256 };
}

type Parted = { readonly parts: readonly FilePart[]; readonly sizeBytes: number };

async function putParts(
  client: S3Client,
  key: string,
  { parts, sizeBytes }: Parted,
  signal: AbortSignal,
): Promise<void> {
  const begun = await client.call({ method: "POST", key, query: { uploads: "" } }, signal);
  const uploadId = text(begun.body, "UploadId");
  try {
    const etags = await sendParts(client, key, uploadId, parts, signal);
    await complete(client, key, uploadId, etags, signal);
    await checkSize(client, key, sizeBytes, signal);
  } catch (error) {
    // The signal that ended it must not end this, too. What fails here is found by `removeUnfinished`.
    const giveUp = client.call({ method: "DELETE", key, query: { uploadId } }, AbortSignal.timeout(10_000));
    await giveUp.catch(() => undefined);
    throw error;
  }
}

async function sendParts(
  client: S3Client,
  key: string,
  uploadId: string,
  parts: readonly FilePart[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const etags: string[] = [];
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const left = parts.entries();
  async function sendSome(): Promise<void> {
    for (const [index, body] of left) {
      const query = { partNumber: String(index + 1), uploadId };
      const { headers } = await client.call({ method: "PUT", key, query, body }, both);
      etags[index] = headers.etag ?? "";
    }
  }
  const senders = Array.from({ length: partsAtOnce }, sendSome);
  try {
    await Promise.all(senders);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(senders);
    throw error;
  }
  return etags;
}

async function complete(
  client: S3Client,
  key: string,
  uploadId: string,
  etags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  try {
    const answer = await client.call({ method: "POST", key, query: { uploadId }, body }, signal);
    // S3 answers 200 before it knows, to keep the connection, and may say later that it failed:
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    const code = text(answer.body, "Code");
    if (answer.body.includes("<Error>")) throw new S3Error(`POST ${key}`, 200, code, text(answer.body, "Message"));
  } catch (error) {
    // It was completed by a try whose answer was lost; `checkSize` sees whether the object is there.
    if (!(error instanceof S3Error) || error.code !== "NoSuchUpload") throw error;
  }
}

async function checkSize(client: S3Client, key: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const { headers } = await client.call({ method: "HEAD", key }, signal);
  const length = Number(headers["content-length"]);
  if (length !== sizeBytes) throw new Error(`${key} was sent with ${sizeBytes} bytes, and ${length} are stored`);
}

/** Reads the file once, for the hash of the whole and those of its parts; an empty file is one part. */
async function hashParts(path: string): Promise<Parted & { readonly sha256: string }> {
  const parts: FilePart[] = [];
  const whole = createHash("sha256");
  let part: Hash = createHash("sha256");
  let [start, sizeBytes] = [0, 0];
  const end = (): void => {
    parts.push({ path, start, sizeBytes: sizeBytes - start, sha256: part.digest("hex") });
    part = createHash("sha256");
    start = sizeBytes;
  };
  // Parts are a multiple of the pieces, so that none lies across two.
  for await (const piece of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    whole.update(piece);
    part.update(piece);
    sizeBytes += piece.length;
    if (sizeBytes - start >= partBytes) end();
  }
  if (sizeBytes > start || parts.length === 0) end();
  return { parts, sizeBytes, sha256: whole.digest("hex") };
}
