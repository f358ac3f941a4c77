import { join } from "node:path";
import { type ForeignClient, madeOnce, runTool } from "./foreign-client.ts";

const source = join(import.meta.dirname, "python");
const requirements = join(source, "requirements.txt");

/** grpcio, which is gRPC's C core and has the xDS resolver built in, installed by pip the first time (18 MB). */
export async function pythonClient(): Promise<ForeignClient> {
  const version = await runTool("python3", ["-m", "pip", "--version"]);
  if (!version.ok) return { kind: "missing", why: "there is no python3 with pip to install grpcio with" };
  const says = "installing grpcio for the Python client, 18 MB";
  const made = await madeOnce(
    { name: "python/grpcio", of: [requirements], with: version.output, says },
    async (folder) => {
      const quiet = ["--quiet", "--disable-pip-version-check", "--no-compile"];
      // Compiling gRPC's core takes a quarter of an hour.
      const args = ["-m", "pip", "install", ...quiet, "--only-binary=:all:", "--target", folder, "-r", requirements];
      const installed = await runTool("python3", args);
      return installed.ok ? undefined : `pip cannot install grpcio:\n${installed.output}`;
    },
  );
  if (made.kind === "missing") return made;
  const args = [join(source, "client.py")];
  return { kind: "ready", program: { command: "python3", args, env: { PYTHONPATH: made.folder } } };
}
