import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DiskSettings, S3Settings } from "./config/objects.ts";
import type { TlsFiles } from "./config/security.ts";
import type { Config } from "./config.ts";
import { type ObjectNote, type ObjectServer, startObjectServer } from "./disk/object-server.ts";
import { createDiskObjects } from "./disk/object-store.ts";
import { createDiskUrls } from "./disk/signed-urls.ts";
import { createSigningKeys } from "./disk/signing-keys.ts";
import type { Clock } from "./ports/clock.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { SignedUrls } from "./ports/signed-urls.ts";
import type { Vault } from "./ports/vault.ts";
import { readKeyRing, readKeyRingNow } from "./vault/key-ring.ts";

/** Where artifacts and uploads are, and how clients reach them. */
export type Objects = {
  readonly objects: ObjectStore;
  /** How clients reach them by themselves; undefined where they cannot. */
  readonly urls: SignedUrls | undefined;
  /** Undefined where this server serves no objects itself. */
  readonly server: ObjectServer | undefined;
} & AsyncDisposable;

export type ObjectParts = {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly observe: (note: ObjectNote) => void;
};

/** The object store that `--objects` chooses. */
export async function openObjects(config: Config, parts: ObjectParts): Promise<Objects> {
  switch (config.objects.kind) {
    case "disk":
      return openDisk(config.objects, config, parts);
    case "s3":
      return openS3(config.objects);
  }
}

async function openDisk(
  settings: DiskSettings,
  { data, roles, tls, encrypt }: Config,
  { vault, clock, observe }: ObjectParts,
): Promise<Objects> {
  const root = join(data, "objects");
  const path = settings.keys ?? join(data, "url-keys");
  await readKeyRing(path);
  const keys = createSigningKeys(() => readKeyRingNow(path));
  const sealing = { vault, seals: encrypt === "all" };
  const parts = { root, sealing, keys, clock, tls: tls && (await readPair(tls)), observe };
  const server = roles.has("objects") ? await startObjectServer(settings.listen, parts) : undefined;
  const base = settings.url?.href ?? server?.url;
  return {
    objects: createDiskObjects(root, sealing),
    urls: base === undefined ? undefined : createDiskUrls(base, keys, clock),
    server,
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** Its client is loaded here, and so only where it is wanted. */
async function openS3(settings: S3Settings): Promise<Objects> {
  const [{ createS3Client }, { openCredentialFile }, { createS3Objects }, { createS3Urls }] = await Promise.all([
    import("./s3/s3-client.ts"),
    import("./s3/credentials.ts"),
    import("./s3/object-store.ts"),
    import("./s3/signed-urls.ts"),
  ]);
  const client = createS3Client(settings, await openCredentialFile(settings.credentials));
  return {
    objects: createS3Objects(client, settings.prefix),
    urls: createS3Urls(client),
    server: undefined,
    [Symbol.asyncDispose]: async () => client[Symbol.dispose](),
  };
}

/** No certificate is asked of clients here, whatever gRPC asks: who has a signed URL needs nothing else. */
async function readPair({ cert, key }: TlsFiles): Promise<{ readonly cert: Buffer; readonly key: Buffer }> {
  const read = (path: string) =>
    readFile(path).catch((cause: Error) => {
      throw new Error(`cannot read what TLS needs: ${cause.message}`, { cause });
    });
  return { cert: await read(cert), key: await read(key) };
}
