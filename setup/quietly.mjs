import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs a command to its end and keeps what it says, to be shown only if it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function quietly(command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  /** @type {string[]} */
  const output = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => output.push(text));
  }
  try {
    const [code] = await once(child, "close");
    return { ok: code === 0, output: output.join("") };
  } catch (cause) {
    return { ok: false, output: String(cause) };
  }
}

/**
 * The end of a command's output, where its error is.
 * @param {string} output
 */
export function lastLines(output) {
  return output.trim().split("\n").slice(-6).join("\n  ");
}
