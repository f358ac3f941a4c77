import type { Command } from "commander";
import { Option } from "commander";
import { optionName, type Setting, serverFileSetting, settings } from "../config/settings.ts";
import type { AddCommand } from "./cli.ts";

/** `weir serve`. */
export const addServe: AddCommand = (command, cli) => {
  addSettings(command)
    .addHelpText(
      "after",
      '\nEach flag is also a variable and a key of the server file; a flag counts before a variable, that before the file.\nOnce clients are served, one line of JSON says so: {"ready":true,"xds":"127.0.0.1:18000","admin":"127.0.0.1:18080","grpc":"127.0.0.1:18081"}',
    )
    .action(async (options: Readonly<Record<string, unknown>>) => {
      cli.exit(await cli.io.serve(options, cli.io.signal));
    });
};

/** `weir config`: what `weir serve` with the same flags would run with, and who says so. */
export const addConfig: AddCommand = (command, cli) => {
  addSettings(command).action(async (options: Readonly<Record<string, unknown>>) => {
    const [{ readConfigInput }, { explainConfig }, { parseConfig }] = await Promise.all([
      import("../config/read-config-input.ts"),
      import("../config/explain-config.ts"),
      import("../config.ts"),
    ]);
    const { problemText } = await import("../lib/parsed.ts");
    const input = await readConfigInput({ options, env: cli.io.env });
    const config = input.ok ? parseConfig(input.value) : input;
    if (input.ok && config.ok) {
      cli.io.stdout.write(`${explainConfig(input.value)}\n`);
      return;
    }
    for (const problem of config.ok ? [] : config.problems) cli.io.stderr.write(`error: ${problemText(problem)}\n`);
    cli.exit(2);
  });
};

function addSettings(command: Command): Command {
  for (const setting of [serverFileSetting, ...settings]) command.addOption(optionOf(setting));
  return command;
}

function optionOf(setting: Setting): Option {
  const { flag, takes, says, env, many } = setting;
  const option = new Option(`${flag} ${takes}`, `${says} (${env.join(", ")})`);
  if (many) option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
  if (option.attributeName() !== optionName(setting))
    throw new Error(`${flag} would be lost: commander calls it ${option.attributeName()}`);
  return option;
}
