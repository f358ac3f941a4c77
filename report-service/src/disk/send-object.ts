import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { byteRange } from "./byte-range.ts";
import type { Grant } from "./grant.ts";
import { openObjectFile, type Sealing } from "./object-file.ts";
import { undefinedIfMissing } from "./object-store.ts";

const never = new AbortController().signal;

/** Answers GET and HEAD with an object or a part of it. */
export async function sendObject(
  request: IncomingMessage,
  response: ServerResponse,
  { key, fileName, mediaType }: Extract<Grant, { method: "GET" }>,
  root: string,
  sealing: Sealing | undefined,
): Promise<void> {
  await using object = await openObjectFile(join(root, key), key, sealing?.vault).catch(undefinedIfMissing);
  if (!object) return void response.writeHead(404, { "content-type": "text/plain" }).end("its bytes are gone\n");
  const { sizeBytes: size } = object;
  // A key's bytes never change, so that its name stands for them.
  const etag = `"${createHash("sha256").update(key).digest("hex").slice(0, 32)}"`;
  const { range, "if-range": ifRange, "if-none-match": known } = request.headers;
  const facts = { etag, "accept-ranges": "bytes", "cache-control": "private" };
  if (known === etag) return void response.writeHead(304, facts).end();
  const wanted = byteRange(ifRange === undefined || ifRange === etag ? range : undefined, size);
  if (wanted.kind === "outside")
    return void response.writeHead(416, { ...facts, "content-range": `bytes */${size}` }).end();

  const { first, last } = wanted.kind === "part" ? wanted : { first: 0, last: size - 1 };
  response.writeHead(wanted.kind === "part" ? 206 : 200, {
    ...facts,
    "content-type": mediaType,
    "content-length": last - first + 1,
    "content-disposition": attachment(fileName),
    ...(wanted.kind === "part" && { "content-range": `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === "HEAD" || size === 0) return void response.end();
  await pipeline(object.pieces(first, last + 1, never), response);
}

/** https://www.rfc-editor.org/rfc/rfc6266: the plain form for names that need no other. */
function attachment(fileName: string): string {
  if (/^[\w. -]+$/.test(fileName)) return `attachment; filename="${fileName}"`;
  return `attachment; filename*=UTF-8''${encodeURIComponent(fileName).replace(/['()*]/g, percent)}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
