import { createHash, randomUUID } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import type { Client } from "@grpc/grpc-js";
import { Reports } from "@weir/proto/report/v1/report_pb.ts";
import { type CallOptions, unary } from "./calls.ts";
import { persist } from "./lost-server.ts";

/** What to upload: bytes, or the path of a file, which is never held whole. */
export type UploadSource = Uint8Array | { readonly path: string };

/** Announces bytes by their SHA-256 and size, sends them past the service, and answers the upload's name once it is complete. */
export async function upload(
  channel: Client,
  { parent, mediaType }: { readonly parent: string; readonly mediaType: string },
  source: UploadSource,
  call: CallOptions = {},
): Promise<string> {
  const { signal } = call;
  const body = source instanceof Uint8Array ? new Blob([Uint8Array.from(source)]) : await openAsBlob(source.path);
  const sha256 = await sha256Of(source, signal);
  const announced = { parent, mediaType, sha256, sizeBytes: BigInt(body.size), requestId: randomUUID() };
  const { value } = await persist(signal, () => unary(channel, Reports.method.createUpload, announced, call));
  const { name, putUrl, headers } = value;
  const put = await fetch(putUrl, { method: "PUT", headers, body, ...(signal && { signal }) });
  // No part of the URL may stand in an error: whoever has it may write.
  const said = (await put.text()).trim();
  if (!put.ok) throw new Error(`${name}: its bytes were refused with ${put.status}: ${said}`);
  await persist(signal, () => unary(channel, Reports.method.completeUpload, { name }, call));
  return name;
}

async function sha256Of(source: UploadSource, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  if (source instanceof Uint8Array) return hash.update(source).digest("hex");
  for await (const piece of createReadStream(source.path, { ...(signal && { signal }) })) hash.update(piece);
  return hash.digest("hex");
}
