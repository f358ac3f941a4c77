import { readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Env } from "./demo-io.ts";

/** How a second terminal finds the running demo. */
export type ControlFile = {
  readonly pid: number;
  /** The control plane's operator address: `http://127.0.0.1:18080`. */
  readonly admin: string;
  /** The Unix socket that `weir demo kill` and its like talk to. */
  readonly socket: string;
};

/** The folder of the running demo: WEIR_DEMO_DIR, or `.weir/demo` in the repository. */
export function demoFolder(env: Env = process.env): string {
  return env["WEIR_DEMO_DIR"] ?? fileURLToPath(new URL("../../../.weir/demo", import.meta.url));
}

/** What the running demo wrote down; undefined when none runs. */
export function readControlFile(folder: string): ControlFile | undefined {
  try {
    const control: unknown = JSON.parse(readFileSync(fileIn(folder), "utf8"));
    return isControlFile(control) && isAlive(control.pid) ? control : undefined;
  } catch {
    return undefined;
  }
}

/** The running demo's operator address, for commands that are not told another; undefined when no demo runs. */
export function demoServer(env: Env = process.env): string | undefined {
  return readControlFile(demoFolder(env))?.admin;
}

/** Says where the demo is; disposing of it takes that back. */
export async function writeControlFile(folder: string, control: ControlFile): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  // Whole or not at all: a second terminal may read it at any moment.
  await writeFile(`${fileIn(folder)}.new`, `${JSON.stringify(control, undefined, 2)}\n`);
  await rename(`${fileIn(folder)}.new`, fileIn(folder));
  return { [Symbol.asyncDispose]: () => rm(fileIn(folder), { force: true }) };
}

function fileIn(folder: string): string {
  return join(folder, "control.json");
}

function isControlFile(value: unknown): value is ControlFile {
  if (typeof value !== "object" || value === null) return false;
  const { pid, admin, socket } = value as Record<string, unknown>;
  return typeof pid === "number" && typeof admin === "string" && typeof socket === "string";
}

/** A demo that was killed leaves its file behind. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
