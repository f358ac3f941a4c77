import type { SignedUrls } from "../ports/signed-urls.ts";
import type { S3Client } from "./s3-client.ts";

/**
 * URLs of S3 itself. A PUT binds the media type, the length and the checksum that were announced; a store that does not
 * check the latter takes other bytes of that length, and CompleteUpload finds them.
 */
export function createS3Urls(client: S3Client): SignedUrls {
  return {
    async put(key, { mediaType, sizeBytes, sha256 }, validMs) {
      const headers = {
        "content-type": mediaType,
        "x-amz-checksum-sha256": Buffer.from(sha256, "hex").toString("base64"),
      };
      const bound = { ...headers, "content-length": String(sizeBytes) };
      const expiresAtMs = Date.now() + validMs;
      const url = await client.presign({ method: "PUT", key, headers: bound }, validMs);
      return { url: url.href, headers, expiresAtMs };
    },
    async get(key, { fileName, mediaType }, validMs) {
      const query = {
        "response-content-disposition": `attachment; filename="${fileName.replace(/[^\w. -]/g, "_")}"`,
        "response-content-type": mediaType,
      };
      const expiresAtMs = Date.now() + validMs;
      const url = await client.presign({ method: "GET", key, query }, validMs);
      return { url: url.href, headers: {}, expiresAtMs };
    },
  };
}
