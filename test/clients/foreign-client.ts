import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "../kit/process.ts";
import type { XdsClientProgram } from "../kit/xds-client.ts";

/** A client in another language, built and ready to start; or what this machine lacks for that. */
export type ForeignClient = { readonly kind: "ready"; readonly program: XdsClientProgram } | Missing;
export type Missing = { readonly kind: "missing"; readonly why: string };
export type Made = { readonly kind: "made"; readonly folder: string };

/** Where what is built and installed for them is kept, `.weir/` in the repository. */
const kept = fileURLToPath(new URL("../../.weir/", import.meta.url));

/**
 * A folder for what is made of these files with these tools; its name changes with them. It is made anew only if it is not
 * there, and appears as a whole: a build that was cut off is never taken for one. `make` says why it could not.
 */
export async function madeOnce(
  {
    name,
    of,
    with: tools,
    says,
  }: { readonly name: string; readonly of: readonly string[]; readonly with: string; readonly says: string },
  make: (folder: string) => Promise<string | undefined>,
): Promise<Made | Missing> {
  const hash = createHash("sha256").update(tools);
  for (const file of of) hash.update(await readFile(file));
  const folder = join(kept, `${name}-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(folder)) return { kind: "made", folder };
  const half = `${folder}.${process.pid}`;
  process.stderr.write(`${says} (once; kept in ${folder})\n`);
  await mkdir(half, { recursive: true });
  try {
    const why = await make(half);
    if (why !== undefined) return { kind: "missing", why };
    // Another test run may have been quicker; then it made the same.
    await rename(half, folder).catch((cause) => {
      if (!existsSync(folder)) throw cause;
    });
    return { kind: "made", folder };
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

/** Runs a tool to its end; it may have to download and compile. */
export async function runTool(
  command: string,
  args: readonly string[],
  { cwd }: { readonly cwd?: string } = {},
): Promise<{ readonly ok: boolean; readonly output: string }> {
  const name = [command, ...args.slice(0, 2)].join(" ");
  await using child = startProcess({ name, command, args, ...(cwd === undefined ? {} : { cwd }) });
  const { code } = await child.exit;
  return { ok: code === 0, output: child.lines.slice(-12).join("\n") };
}
