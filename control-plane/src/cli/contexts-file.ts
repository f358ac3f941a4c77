import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CliError } from "./cli-error.ts";

/** A control plane by name. */
export type Context = { readonly server: string; readonly tokenFile?: string };

export type Contexts = { readonly current?: string; readonly contexts: Readonly<Record<string, Context>> };

type Env = Readonly<Record<string, string | undefined>>;

const shape = z.strictObject({
  current: z.string().exactOptional(),
  contexts: z.record(z.string(), z.strictObject({ server: z.string(), tokenFile: z.string().exactOptional() })),
});

/** `$XDG_CONFIG_HOME/weir/contexts.json`, by default in `~/.config`. */
export function contextsFile(env: Env): string {
  return join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "weir", "contexts.json");
}

/** None when there is no such file; throws for one that cannot be understood. */
export function readContexts(env: Env): Contexts {
  const file = contextsFile(env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && ["ENOENT", "ENOTDIR"].includes(String(cause.code)))
      return { contexts: {} };
    throw new CliError(`cannot read the contexts: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new CliError(`${file} does not hold contexts: correct it, or move it away and use weir context add`);
  }
}

/** Whole or not at all; for this user alone. */
export async function writeContexts(env: Env, contexts: Contexts): Promise<void> {
  const file = contextsFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(contexts, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The context of that name; throws with the names that there are. */
export function contextNamed({ contexts }: Contexts, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found) return found;
  const known = Object.keys(contexts).sort().join(", ");
  throw new CliError(
    `there is no context "${name}" (${known === "" ? "none is there" : `there are ${known}`}): weir context add NAME URL`,
  );
}
