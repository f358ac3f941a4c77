import { openCredentialFile } from "@weir/report-service/src/s3/credentials.ts";
import { createS3Client } from "@weir/report-service/src/s3/s3-client.ts";
import { type Folder, makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { lastWords, startProcess } from "./process.ts";
import { type Restartable, startRestartable } from "./restartable.ts";
import { until } from "./wait.ts";

/** A real S3 server on this machine, SeaweedFS, which checks signatures. What it was given outlives its ends, not itself. */
export type S3Server = Restartable & {
  /** `http://127.0.0.1:port`; its one bucket is `{url}/reports`. */
  readonly url: string;
  /** `127.0.0.1:port.grpcPort` of its filer, as SeaweedFS's own tools want it; the bucket is `/buckets/reports` there. */
  readonly filer: string;
  /** A file of the form that AWS's tools use. */
  readonly credentials: string;
  /** What is in it. */
  readonly keys: string;
};

/** Why there is none, or undefined where there is one. */
export const lacksS3: string | undefined = process.env["WEIR_SEAWEEDFS"]
  ? undefined
  : "WEIR_SEAWEEDFS names no program; npm test sets it, and installs SeaweedFS with pip";

/** Starts it, with an empty bucket. */
export async function startS3(): Promise<S3Server> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("s3"));
  const [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3, s3Grpc] = await freePorts(8);
  const ports = {
    ...{ "master.port": master, "master.port.grpc": masterGrpc, "volume.port": volume, "volume.port.grpc": volumeGrpc },
    ...{ "filer.port": filer, "filer.port.grpc": filerGrpc, "s3.port": s3, "s3.port.grpc": s3Grpc },
  };
  const flags = {
    ...{ dir: folder.path, ip: "127.0.0.1", "ip.bind": "127.0.0.1", s3: true, ...ports },
    "s3.config": await writeIdentity(folder),
    // What is not needed would take ports and time; small volumes leave room for many collections.
    ...{ "s3.iam": false, "s3.port.iceberg": 0, "s3.port.lance": 0, "master.telemetry": false },
    ...{ "master.volumeSizeLimitMB": 64, "volume.max": 0, "master.electionTimeout": "500ms" },
  };
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const url = `http://127.0.0.1:${s3}`;
  // 403: it is there, and wants a signature.
  const answers = async () => (await fetch(url)).status === 403;
  const run = async () => {
    const server = startProcess({ name: "seaweedfs", command: weedPath(), args: ["server", ...args] });
    await until(answers, { within: 60_000, what: `S3 answers on ${url}` }).catch(async (cause) => {
      await server.stop("SIGKILL");
      throw new Error(lastWords(server), { cause });
    });
    return server;
  };
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await startRestartable(starting, run));
  const credentials = await folder.write("credentials", credentialFile);
  // Buckets would also be made by the first write, which takes seconds then.
  const settings = { bucketUrl: new URL(`${url}/reports`), publicUrl: undefined, region: "us-east-1", prefix: "" };
  using client = createS3Client(settings, await openCredentialFile(credentials));
  await client.call({ method: "PUT", key: undefined }, AbortSignal.timeout(30_000));
  opening.move();
  return Object.assign(server, {
    ...{ url, filer: `127.0.0.1:${filer}.${filerGrpc}`, credentials, keys: credentialFile },
  });
}

/** SeaweedFS's program. */
export function weedPath(): string {
  return process.env["WEIR_SEAWEEDFS"] ?? "weed";
}

const [accessKey, secretKey] = ["weir-test", "weir-test-secret"];
const credentialFile = `[default]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`;

function writeIdentity(folder: Folder): Promise<string> {
  const identity = {
    name: "weir",
    credentials: [{ accessKey, secretKey }],
    actions: ["Admin", "Read", "Write", "List"],
  };
  return folder.write("s3.json", JSON.stringify({ identities: [identity] }));
}
