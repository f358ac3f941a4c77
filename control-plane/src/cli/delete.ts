import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { documentUrl, kindHelp, parseResource } from "./resources.ts";
import { dryRunOption, ifMatchOption, reasonOption, type WriteFlags, writeOptions } from "./write-options.ts";

/** `weir delete KIND NAME`. */
export const addDelete: AddCommand = (command, cli) => {
  command
    .argument("<kind>", kindHelp)
    .argument("[name]")
    .addOption(reasonOption())
    .addOption(dryRunOption())
    .addOption(ifMatchOption())
    .action(async (kind: string, given: string | undefined, flags: WriteFlags) => {
      const { collection, name } = parseResource(kind, given);
      if (name === undefined) throw new CliError(`which of the ${collection}? expected weir delete KIND NAME`);
      const { body } = await cli
        .api(command)
        .delete<{ revision: number; deleted: string }>(documentUrl(collection, name), writeOptions(flags));
      const note = flags.dryRun ? " (dry run: nothing was changed)" : ` (revision ${body.revision})`;
      cli.io.stdout.write(`${collection}/${name} deleted${note}\n`);
    });
};
