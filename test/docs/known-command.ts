import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, CommanderError } from "commander";
import { programFor } from "../../control-plane/src/cli/program.ts";
import { usage } from "../../report-service/src/config.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string) => readFileSync(join(root, name), "utf8");

/**
 * Why a command cannot exist as it is written: no such script, command, flag or file. Others than ours are not looked at. One
 * that is `inText` may be a part of a command, without all that this needs.
 */
export async function problemOf(words: readonly string[], inText: boolean): Promise<string | undefined> {
  const [program = "", ...args] = words;
  if (program === "weir") return weirProblem(args, inText);
  if (program === "npm") return npmProblem(args);
  if (program === "node") return nodeProblem(args);
  const files = args.filter((each) => /^(k8s|control-plane|test)\//.test(each));
  return files.map((file) => (existsSync(join(root, file)) ? undefined : `there is no ${file}`)).find(Boolean);
}

/** Has commander take the words apart as it would for the command itself, which does not run. */
async function weirProblem(args: readonly string[], inText: boolean): Promise<string | undefined> {
  let says = "";
  const quiet = { writeOut: () => undefined, writeErr: (text: string) => (says += text) };
  const never = () => {
    throw new Error("only the words are looked at");
  };
  const io = {
    stdout: { write: never },
    stderr: { write: never },
    writeBytes: never,
    stdin: (async function* () {})(),
    env: {},
    actor: "reader",
    signal: new AbortController().signal,
    serve: never,
  };
  const cli = { io, api: never, anonymous: never, format: never, isWide: never, exit: never };
  const program = await programFor(args, cli);
  const disarm = (command: Command) => {
    command.exitOverride().configureOutput(quiet);
    // A command that only has others below it has no action, and says so when it is called by itself.
    if (command.commands.length === 0 || command.registeredArguments.length > 0) command.action(() => undefined);
    command.commands.forEach(disarm);
  };
  disarm(program);
  if (isName(program, args)) return undefined;
  try {
    await program.parseAsync([...args], { from: "user" });
    return undefined;
  } catch (error) {
    const lacks = error instanceof CommanderError && error.code === "commander.missingMandatoryOptionValue";
    if (inText && lacks) return undefined;
    if (error instanceof CommanderError) return says.split("\n")[0] || error.message;
    throw error;
  }
}

/** Running text names commands without what they need: `weir traffic drain`. */
function isName(program: Command, words: readonly string[]): boolean {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (!next) return false;
    command = next;
  }
  return true;
}

function npmProblem([verb = "", ...rest]: readonly string[]): string | undefined {
  // Of a package in the reader's own project.
  if (verb === "install") return undefined;
  const script = verb === "run" ? rest[0] : verb;
  const workspace = rest[rest.indexOf("-w") + 1];
  const manifest = rest.includes("-w") ? `${workspace}/package.json` : "package.json";
  const { scripts } = JSON.parse(read(manifest)) as { readonly scripts: Readonly<Record<string, string>> };
  if (script === undefined || scripts[script] === undefined) return `${manifest} has no script ${script}`;
  const args = (verb === "run" ? rest.slice(1) : rest).filter((each) => each !== "--");
  if (script === "weir") return undefined;
  if (script === "test") {
    const files = ["control-plane", "report-service", "setup", "proto", "test"].flatMap((folder) =>
      globSync(`${folder}/**/*.test.{ts,mjs}`, { cwd: root, exclude: ["**/node_modules/**"] }),
    );
    return args
      .filter((word) => /^[a-z]/.test(word) && !files.some((file) => file.includes(word)))
      .map((word) => `no test file has ${word} in its path`)[0];
  }
  const target = scripts[script]?.match(/setup\/run\.mjs (\S+)/)?.[1];
  if (target === undefined) return undefined;
  const entry = new RegExp(`^ {2}"?${target}"?: \\{[^]*?script: "([^"]+)"`, "m").exec(read("setup/targets.mjs"))?.[1];
  if (entry === undefined) return `setup/targets.mjs has no ${target}`;
  const folder = entry === "control-plane/src/main.ts" ? "control-plane/src/cli" : dirname(entry);
  const sources = globSync(`${folder}/**/*.{ts,mjs}`, { cwd: root }).map(read);
  const hasFlag = (flag: string) =>
    sources.some((text) => [`"${flag}`, `\`${flag}`, `${flag.slice(2)}: {`].some((each) => text.includes(each)));
  return args
    .filter((each) => each.startsWith("--") && !hasFlag(each))
    .map((flag) => `nothing in ${folder} knows ${flag}`)[0];
}

function nodeProblem([file = "", verb = "", ...args]: readonly string[]): string | undefined {
  if (!/(^|\/)src\/main\.ts$/.test(file)) return undefined;
  if (!usage.includes(`node main.ts ${verb} `)) return `the report service has no command ${verb}`;
  return args
    .filter((each) => each.startsWith("--") && !new RegExp(`${each}\\b(?!-)`).test(usage))
    .map((flag) => `the report service has no flag ${flag}`)[0];
}
