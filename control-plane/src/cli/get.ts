import type { Command } from "commander";
import { ageText } from "../lib/age.ts";
import type { Document, Listing, Stored } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { getAt } from "./get-at.ts";
import { print } from "./print.ts";
import { documentUrl, kindHelp, parseResource } from "./resources.ts";
import type { Cell } from "./table.ts";
import { watching, watchOption } from "./watching.ts";

/** `weir get KIND [NAME]`. */
export const addGet: AddCommand = (command, cli) => {
  command
    .argument("<kind>", kindHelp)
    .argument("[name]")
    .option("--at <moment>", "as it was: a revision (r41), a time (14:03), or how long ago (10m)")
    .addHelpText(
      "after",
      "\nExamples:\n  weir get split\n  weir get split report -o yaml\n  weir get split report -o yaml --at 14:03",
    )
    .addOption(watchOption())
    .action(async (kind: string, name: string | undefined, { at, watch }: Flags) => {
      const wanted = parseResource(kind, name);
      if (at !== undefined) return getAt(cli, command, wanted, at);
      return watch
        ? watching(cli, command, ["revision"], (watched) => getNow(watched, command, wanted))
        : getNow(cli, command, wanted);
    });
};

type Flags = { readonly at?: string; readonly watch?: boolean };

async function getNow(cli: Cli, command: Command, wanted: ReturnType<typeof parseResource>): Promise<void> {
  const api = cli.api(command);
  const { body } = await api.get<Listing & Readonly<Record<string, readonly Document[]>>>(`/v1/${wanted.collection}`);
  if (wanted.name === undefined) {
    const documents = body[wanted.collection] ?? [];
    await print(cli, command, {
      value: documents,
      table: () => ({ columns, rows: body.stored.map(row) }),
      names: () => body.stored.map((each) => `${wanted.collection}/${each.name}`),
    });
    return;
  }
  const one = await api.get<Document>(documentUrl(wanted.collection, wanted.name));
  await print(cli, command, {
    value: one.body,
    table: () => ({ columns, rows: body.stored.filter((each) => each.name === wanted.name).map(row) }),
    names: () => [`${wanted.collection}/${wanted.name}`],
  });
}

const columns = ["NAME", "ETAG", "CHANGED", "BY", "FROM", "REASON"];

function row({ name, etag, origin, changed }: Stored): readonly Cell[] {
  const age = ageText(Date.now() - Date.parse(changed.at));
  return [name, etag, age, changed.by, origin.kind === "file" ? origin.path : "api", changed.reason];
}
