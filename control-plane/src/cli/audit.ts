import { verifyData } from "../policy/verify-data.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";

type Flags = { readonly data: string; readonly has?: string };

/** `weir audit`. */
export const addAudit: AddCommand = (command, cli) => {
  command
    .command("verify")
    .description("check that no entry of the history was changed, put in or taken out; asks no server")
    .requiredOption("--data <dir>", "the data directory of the server")
    .option("--has <hash>", "a hash that was noted earlier, which must be there")
    .action(async ({ data, has }: Flags, verify) => {
      const found = await verifyData(data).catch((cause: Error) => Promise.reject(new CliError(cause.message)));
      const { entries, head, withoutHash, torn, hashes } = found;
      const problems =
        has === undefined || hashes.has(has)
          ? found.problems
          : [...found.problems, `no entry has the hash ${has}: the history is not what it was when that was noted`];
      await print(cli, verify, {
        value: { entries, withoutHash, torn, ...(head && { head }), problems },
        names: () => (head ? [head.hash] : []),
        notes: () => [
          ...problems,
          ...(withoutHash > 0
            ? [`${withoutHash} entries are from before there were hashes, and nothing vouches for them`]
            : []),
          ...(torn > 0 ? [`${torn} lines are no entry, as a loss of power leaves one`] : []),
          problems.length > 0
            ? `problems: ${problems.length}, in ${entries} entries`
            : `${entries} entries are as they were written${head ? `; the newest, r${head.revision}, has the hash ${head.hash}` : ""}`,
        ],
      });
      if (problems.length > 0) cli.exit(1);
    });
};
