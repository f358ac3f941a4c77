import type { Command } from "commander";
import { ageText } from "../lib/age.ts";
import type { Document, Revision } from "./api-types.ts";
import type { Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { momentOf } from "./moment.ts";
import { print } from "./print.ts";
import { type Collection, kindOfCollection } from "./resources.ts";
import type { Cell } from "./table.ts";

type Past = {
  readonly kind: string;
  readonly name: string;
  readonly revision?: number;
  readonly document?: Document;
};

/** `weir get KIND [NAME] --at 14:03`: documents as they were. */
export async function getAt(
  cli: Cli,
  command: Command,
  { collection, name }: { readonly collection: Collection; readonly name: string | undefined },
  at: string,
): Promise<void> {
  const api = cli.api(command);
  const { body } = await api.get<{ readonly revision: number; readonly documents: readonly Past[] }>(
    `/v1/revisions/${encodeURIComponent(momentOf(at).path)}/documents`,
  );
  const kind = kindOfCollection(collection);
  const found = body.documents.filter((each) => each.kind === kind && (name === undefined || each.name === name));
  if (name !== undefined && found.length === 0)
    throw new CliError(`there was no ${collection}/${name} at r${body.revision}`);
  const known = found.flatMap(({ document }) => document ?? []);
  const { body: journal } = await api.get<{ readonly revisions: readonly Revision[] }>("/v1/revisions?limit=1000");
  const revisions = new Map(journal.revisions.map((each) => [each.revision, each]));
  await print(cli, command, {
    value: name === undefined ? known : (known[0] ?? {}),
    table: () => ({
      columns: ["NAME", "REVISION", "CHANGED", "BY", "REASON"],
      rows: found.map((each) => row(each, revisions.get(each.revision ?? -1))),
    }),
    names: () => found.map((each) => `${collection}/${each.name}`),
    notes: () => [`as of r${body.revision}`],
  });
}

function row({ name, revision, document }: Past, entry: Revision | undefined): readonly Cell[] {
  if (!document) return [name, "-", "-", "-", "what it said then is not kept"];
  const age = entry ? ageText(Date.now() - Date.parse(entry.at)) : "-";
  return [name, `r${revision ?? 0}`, age, entry?.by ?? "-", entry?.reason ?? "-"];
}
