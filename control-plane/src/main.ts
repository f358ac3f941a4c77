import { processIo } from "./cli/io.ts";
import { runCli } from "./cli/program.ts";

/** Loaded when it is asked for: no other command waits for the control plane's parts. */
async function serve(options: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const { runServe } = await import("./run-serve.ts");
  return runServe(options, process, signal);
}

process.exitCode = await runCli(process.argv.slice(2), processIo(serve));
