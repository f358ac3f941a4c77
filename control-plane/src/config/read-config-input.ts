import { readFile } from "node:fs/promises";
import { type Parsed, parsed, refused } from "../lib/parsed.ts";
import { type ConfigInput, serverFileOf } from "./gather.ts";

/** Reads the server file that a flag or a variable names. */
export async function readConfigInput({
  options,
  env,
}: Pick<ConfigInput, "options" | "env">): Promise<Parsed<ConfigInput>> {
  const named = serverFileOf({ options, env });
  if (!named) return parsed({ options, env });
  try {
    return parsed({ options, env, serverFile: { path: named.path, text: await readFile(named.path, "utf8") } });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return refused({ at: named.origin.name, says: `cannot read the server file: ${why}` });
  }
}
