import type { Command } from "commander";
import { ApiFailure } from "./api.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { collections, parseResource } from "./resources.ts";

// Each asks `weir completion words` what could stand in place of the last word.
const scripts: Readonly<Record<string, string>> = {
  bash: `_weir() {
  local IFS=$'\\n'
  COMPREPLY=($(weir completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _weir weir
`,
  zsh: `#compdef weir
_weir() {
  local -a found
  found=(\${(f)"$(weir completion words -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)"})
  compadd -a found
}
compdef _weir weir
`,
  fish: `complete -c weir -f -a "(weir completion words -- (commandline -opc)[2..] (commandline -ct | string collect --allow-empty))"
`,
};

/** `weir completion bash|zsh|fish`. */
export const addCompletion: AddCommand = (command, cli) => {
  command
    .argument("<shell>", "bash, zsh or fish")
    .argument("[words...]")
    .usage("[options] <shell>")
    .addHelpText(
      "after",
      `
Examples:
  source <(weir completion bash)
  source <(weir completion zsh)
  weir completion fish | source`,
    )
    .action(async (shell: string, words: readonly string[]) => {
      if (shell === "words") {
        for (const each of await candidates(cli, words)) cli.io.stdout.write(`${each}\n`);
        return;
      }
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
      if (script === undefined) throw new CliError(`there is no completion for "${shell}": expected bash, zsh or fish`);
      cli.io.stdout.write(script);
    });
};

/** What could stand in place of the last word. */
async function candidates(cli: Cli, words: readonly string[]): Promise<readonly string[]> {
  const { programFor } = await import("./program.ts");
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const program = await programFor(before, cli);
  const { command, given, open } = position(program, before);
  const fitting = (all: readonly string[]) => all.filter((each) => each.startsWith(last)).sort();
  if (open) return fitting(open);
  if (last.startsWith("-")) return fitting(optionsOf(command).flatMap(({ long }) => long ?? []));
  const argument = command.registeredArguments[Math.min(given.length, command.registeredArguments.length - 1)];
  const known = argument ? await namesFor(cli, program, argument.name(), given) : [];
  return fitting([...command.commands.map((each) => each.name()), ...(argument?.argChoices ?? []), ...known]);
}

/** Which command the words lead to, the arguments it was given, and the values of an option that is waiting for one. */
function position(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly given: readonly string[]; readonly open?: readonly string[] } {
  let command = program;
  let given: readonly string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (!word.startsWith("-")) {
      const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (next) [command, given] = [next, []];
      else given = [...given, word];
      continue;
    }
    const option = optionsOf(command).find(({ long, short }) => long === word || short === word);
    if (!option?.required) continue;
    if (index === words.length - 1) return { command, given, open: option.argChoices ?? [] };
    index++;
  }
  return { command, given };
}

function optionsOf(command: Command): Command["options"] {
  return command.parent ? [...command.options, ...optionsOf(command.parent)] : command.options;
}

/** Names that the server knows; none where it does not answer at once, for nobody waits for a completion. */
async function namesFor(
  cli: Cli,
  program: Command,
  argument: string,
  given: readonly string[],
): Promise<readonly string[]> {
  if (argument === "kind" || argument === "what") return collections;
  const api = cli.api(program);
  const ask = async (): Promise<readonly string[]> => {
    if (argument === "service")
      return (await api.get<{ stored: readonly { name: string }[] }>("/v1/services")).body.stored.map(
        ({ name }) => name,
      );
    if (argument === "id")
      return (await api.get<{ clients: readonly { nodeId: string }[] }>("/v1/clients")).body.clients.map(
        ({ nodeId }) => nodeId,
      );
    if (argument === "name" && given[0] !== undefined) {
      const { collection } = parseResource(given[0], undefined);
      return (await api.get<{ stored: readonly { name: string }[] }>(`/v1/${collection}`)).body.stored.map(
        ({ name }) => name,
      );
    }
    return [];
  };
  const nothing = new Promise<readonly string[]>((resolve) => setTimeout(resolve, 1_000, []).unref());
  return Promise.race([ask(), nothing]).catch((error) => {
    if (error instanceof ApiFailure || error instanceof CliError) return [];
    throw error;
  });
}
