import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { lastWords, type RunningProcess, startProcess } from "./process.ts";
import { until } from "./wait.ts";

/** A real Garage: a distributed S3 store with one node in each zone, that keeps every object in all of them. */
export type Garage = AsyncDisposable & {
  /** The S3 API of a zone's node: `http://127.0.0.1:port`. */
  url(zone: string): string;
  /** A file of the form that AWS's tools use; its keys may make buckets. */
  readonly credentials: string;
  /** Ends a zone's node with SIGKILL. */
  kill(zone: string): Promise<void>;
};

/** Why there is none, or undefined where there is one. */
export const lacksGarage: string | undefined = process.env["WEIR_GARAGE"]
  ? undefined
  : "WEIR_GARAGE names no program; npm run test:garage sets it, and builds Garage once if there is cargo";

type Node = { readonly zone: string; readonly port: number; readonly config: string; readonly process: RunningProcess };

const accessKey = `GK${"0".repeat(23)}1`;
const secretKey = createHash("sha256").update("a test's own").digest("hex");
const credentialFile = `[default]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`;

/** Starts three or more nodes and waits until all of them know each other. */
export async function startGarage(zones: readonly string[]): Promise<Garage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder("garage"));
  const ports = await freePorts(zones.length * 3);
  const nodes: Node[] = [];
  for (const [index, zone] of zones.entries()) {
    const [rpc = 0, port = 0, admin = 0] = ports.slice(index * 3);
    const config = await folder.write(
      `${zone}.toml`,
      configOf(`${folder.path}/${zone}`, zones.length, { rpc, port, admin }),
    );
    const process = startProcess({ name: `garage ${zone}`, command: garagePath(), args: ["-c", config, "server"] });
    stack.defer(async () => void (await process.stop("SIGKILL")));
    nodes.push({ zone, port, config, process });
  }
  await formCluster(nodes);
  const credentials = await folder.write("credentials", credentialFile);
  const nodeOf = (zone: string): Node => {
    const node = nodes.find((one) => one.zone === zone);
    if (!node) throw new Error(`there is no zone "${zone}" in this test's Garage: ${zones.join(", ")}`);
    return node;
  };
  const moved = stack.move();
  return {
    url: (zone) => `http://127.0.0.1:${nodeOf(zone).port}`,
    credentials,
    async kill(zone) {
      await nodeOf(zone).process.stop("SIGKILL");
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

async function formCluster(nodes: readonly Node[]): Promise<void> {
  const [first, ...others] = nodes;
  if (!first) throw new Error("a Garage needs a zone");
  const garage = async (node: Node, ...args: readonly string[]) =>
    (await promisify(execFile)(garagePath(), ["-c", node.config, ...args])).stdout;
  const within = 60_000;
  const ids = new Map<Node, string>();
  for (const node of nodes) {
    const started = () => garage(node, "node", "id", "-q");
    ids.set(node, (await until(started, { within, what: `an id of ${lastWords(node.process)}` })).trim());
  }
  await until(() => garage(first, "status"), { within, what: `an answer of ${lastWords(first.process)}` });
  for (const node of others) await garage(first, "node", "connect", ids.get(node) ?? "");
  for (const [node, id] of ids) {
    await garage(first, "layout", "assign", id.split("@")[0] ?? "", "-z", node.zone, "-c", "1G");
  }
  await garage(first, "layout", "apply", "--version", "1");
  const imported = () => garage(first, "key", "import", accessKey, secretKey, "-n", "weir", "--yes");
  await until(imported, { within, what: "a quorum that takes a key" });
  await garage(first, "key", "allow", "--create-bucket", accessKey);
}

function configOf(
  folder: string,
  replicas: number,
  { rpc, port, admin }: { readonly rpc: number; readonly port: number; readonly admin: number },
): string {
  return `metadata_dir = "${folder}/meta"
data_dir = "${folder}/data"
db_engine = "sqlite"
metadata_fsync = false
replication_factor = ${replicas}
rpc_bind_addr = "127.0.0.1:${rpc}"
rpc_public_addr = "127.0.0.1:${rpc}"
rpc_secret = "${createHash("sha256")
    .update(folder.slice(0, folder.lastIndexOf("/")))
    .digest("hex")}"
[s3_api]
s3_region = "us-east-1"
api_bind_addr = "127.0.0.1:${port}"
[admin]
api_bind_addr = "127.0.0.1:${admin}"
admin_token = "test"
`;
}

function garagePath(): string {
  return process.env["WEIR_GARAGE"] ?? "garage";
}
