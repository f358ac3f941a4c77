import { join } from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { type Listener, ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { madeOnce, runTool } from "../clients/foreign-client.ts";
import { freePort } from "../kit/ports.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";

/** An xDS server that serves listeners and nothing else; it prints a line for each response that is rejected. */
export type ListenerServer = AsyncDisposable & { readonly process: RunningProcess; readonly port: number };

export type Program = { readonly command: string; readonly args: readonly string[] };

/** The engine, as it is in this repository. */
export const ours: Program = { command: process.execPath, args: [join(import.meta.dirname, "server-main.ts")] };

/** go-control-plane's snapshot cache, compiled the first time; says what is missing for that. */
export async function peer(): Promise<Program> {
  const source = join(import.meta.dirname, "peer");
  const version = await runTool("go", ["version"]);
  if (!version.ok) throw new Error("there is no go on PATH to build the peer with");
  const of = ["go.mod", "go.sum", "main.go"].map((file) => join(source, file));
  const says = "compiling the peer of go-control-plane";
  const made = await madeOnce({ name: "rejected/peer", of, with: version.output, says }, async (folder) => {
    const built = await runTool("go", ["build", "-o", join(folder, "peer"), "."], { cwd: source });
    return built.ok ? undefined : `test/rejected/peer cannot be built:\n${built.output}`;
  });
  if (made.kind === "missing") throw new Error(made.why);
  return { command: join(made.folder, "peer"), args: [] };
}

/** Starts one that has these listeners from the beginning. */
export async function startListenerServer(
  { command, args }: Program,
  listeners: readonly Listener[],
): Promise<ListenerServer> {
  const port = await freePort();
  const serialized = listeners.map((one) => Buffer.from(toBinary(ListenerSchema, one)).toString("base64"));
  const all = [...args, `127.0.0.1:${port}`, ...serialized];
  const child = startProcess({ name: "listener server", command, args: all });
  try {
    await child.json(({ ready }) => ready === true);
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
  return { process: child, port, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
