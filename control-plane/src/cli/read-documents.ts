import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Problem, problemText } from "../lib/parsed.ts";
import { readYaml, type YamlValue } from "../policy/documents/yaml-values.ts";
import { listDirectory } from "../policy/read-directory.ts";
import { CliError } from "./cli-error.ts";

/**
 * The documents of files, directories and `-`, not yet checked. Throws when one cannot be read or is no YAML. Endpoint lists
 * beside documents are left out: a server reads those from its own directory.
 */
export async function readDocuments(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<readonly YamlValue[]> {
  const texts: { readonly file: string; readonly text: string }[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    if (path === "-") {
      texts.push({ file: "stdin", text: await textOf(stdin) });
      continue;
    }
    const inside = (await isDirectory(path)) ? await listDirectory(path) : undefined;
    problems.push(...(inside?.problems ?? []));
    for (const file of inside ? inside.files.map((each) => join(path, each.path)) : [path])
      texts.push({ file, text: await readFile(file, "utf8").catch((cause) => unreadable(file, cause)) });
  }
  const values = texts.flatMap(({ file, text }) => {
    const read = readYaml(text, file);
    problems.push(...read.problems);
    return read.values.filter(({ value }) => !Array.isArray(value));
  });
  if (problems.length > 0)
    throw new CliError(`nothing was applied:\n${problems.map((each) => `  ${problemText(each)}`).join("\n")}`);
  if (values.length === 0) throw new CliError(`there is no document in ${paths.join(", ")}`);
  return values;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch((cause) => unreadable(path, cause))).isDirectory();
}

function unreadable(path: string, cause: unknown): never {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why = code === "ENOENT" ? "there is no such file" : cause instanceof Error ? cause.message : String(cause);
  throw new CliError(`cannot read ${path}: ${why}`);
}

async function textOf(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stdin) parts.push(typeof part === "string" ? Buffer.from(part) : part);
  return Buffer.concat(parts).toString("utf8");
}
