import { ageText } from "../lib/age.ts";
import { verifyActs, verifyData } from "../policy/verify-data.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";

type ListedAct = {
  readonly act: number;
  readonly at: string;
  readonly by: string;
  readonly verb: string;
  readonly on: string;
  readonly reason: string;
};

type Flags = { readonly data: string; readonly has?: string };

/** `weir audit`. */
export const addAudit: AddCommand = (command, cli) => {
  command
    .command("list")
    .description("who did what no document holds: registrations, what was released, log levels; newest first")
    .option("--limit <count>", "how many", "50")
    .action(async ({ limit }: { readonly limit: string }, list) => {
      const path = `/v1/acts?limit=${encodeURIComponent(limit)}`;
      const { body } = await cli.api(list).get<{ readonly acts: readonly ListedAct[] }>(path);
      await print(cli, list, {
        value: body,
        table: () => ({
          columns: ["ACT", "AGE", "BY", "DID", "TO", "REASON"],
          rows: body.acts.map(({ act, at, by, verb, on, reason }) => [
            ...[`a${act}`, ageText(Date.now() - Date.parse(at)), by, verb, on, reason],
          ]),
        }),
        names: () => body.acts.map(({ act }) => `a${act}`),
      });
    });

  command
    .command("verify")
    .description("check that no entry of the history was changed, put in or taken out; asks no server")
    .requiredOption("--data <dir>", "the data directory of the server")
    .option("--has <hash>", "a hash that was noted earlier, which must be there")
    .action(async ({ data, has }: Flags, verify) => {
      const found = await verifyData(data).catch((cause: Error) => Promise.reject(new CliError(cause.message)));
      const acts = await verifyActs(data).catch((cause: Error) => Promise.reject(new CliError(cause.message)));
      const { entries, head, withoutHash, torn, hashes } = found;
      const wrong = [...found.problems, ...(acts?.problems ?? []).map((problem) => `acts: ${problem}`)];
      const problems =
        has === undefined || hashes.has(has) || acts?.hashes.has(has)
          ? wrong
          : [...wrong, `no entry has the hash ${has}: the history is not what it was when that was noted`];
      await print(cli, verify, {
        value: {
          ...{ entries, withoutHash, torn, ...(head && { head }), problems },
          ...(acts && { acts: { entries: acts.entries, torn: acts.torn, ...(acts.head && { head: acts.head }) } }),
        },
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
          ...(problems.length === 0 && acts?.head
            ? [`${acts.entries} acts are, too; the newest, a${acts.head.revision}, has the hash ${acts.head.hash}`]
            : []),
        ],
      });
      if (problems.length > 0) cli.exit(1);
    });
};
