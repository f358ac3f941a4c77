import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createDiskObjects } from "../src/disk/object-store.ts";
import type { SignedUrls } from "../src/ports/signed-urls.ts";

/** URLs for the objects below `root`, on this machine and not signed: whoever knows one may use it. */
export async function startPlainUrls(root: string): Promise<SignedUrls & AsyncDisposable> {
  const objects = createDiskObjects(root);
  const scratch = await mkdtemp(join(tmpdir(), "weir-urls-"));
  const server = createServer(async (request, response) => {
    const key = decodeURIComponent((request.url ?? "").slice(1));
    if (request.method === "PUT") {
      const file = join(scratch, encodeURIComponent(key));
      await pipeline(request, createWriteStream(file));
      await objects.put(key, file);
      response.end();
    } else await pipeline(createReadStream(join(root, key)), response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const urlOf = (key: string) =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/${encodeURIComponent(key)}`;
  return {
    put: async (key, { mediaType }, validMs) => ({
      url: urlOf(key),
      headers: { "content-type": mediaType },
      expiresAtMs: Date.now() + validMs,
    }),
    get: async (key, _, validMs) => ({ url: urlOf(key), headers: {}, expiresAtMs: Date.now() + validMs }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
