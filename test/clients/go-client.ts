import { join } from "node:path";
import { type ForeignClient, madeOnce, runTool } from "./foreign-client.ts";

const source = join(import.meta.dirname, "go");
const files = ["go.mod", "go.sum", "main.go"].map((file) => join(source, file));

/** grpc-go with its xDS resolver, compiled the first time (a minute); throws when our own source does not compile. */
export async function goClient(): Promise<ForeignClient> {
  const version = await runTool("go", ["version"]);
  if (!version.ok) return { kind: "missing", why: "there is no go on PATH to build the Go client with" };
  const says = "compiling the Go client, about a minute";
  const made = await madeOnce({ name: "clients/go", of: files, with: version.output, says }, async (folder) => {
    const modules = await runTool("go", ["mod", "download"], { cwd: source });
    if (!modules.ok) return `the modules of the Go client cannot be downloaded:\n${modules.output}`;
    const built = await runTool("go", ["build", "-o", join(folder, "xds-client"), "."], { cwd: source });
    if (!built.ok) throw new Error(`test/clients/go does not compile:\n${built.output}`);
    return undefined;
  });
  if (made.kind === "missing") return made;
  return { kind: "ready", program: { command: join(made.folder, "xds-client"), args: [] } };
}
