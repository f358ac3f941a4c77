import { ageText } from "../lib/age.ts";
import type { Revision } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { print } from "./print.ts";
import { collectionOfKind } from "./resources.ts";
import type { Cell } from "./table.ts";

/** `weir history`. */
export const addHistory: AddCommand = (command, cli) => {
  command.option("--limit <count>", "how many, newest first", "20").action(async ({ limit }: { limit: string }) => {
    const query = new URLSearchParams({ limit });
    const { body } = await cli.api(command).get<{ revisions: readonly Revision[] }>(`/v1/revisions?${query}`);
    await print(cli, command, {
      value: body,
      table: () => ({
        columns: ["REVISION", "AGE", "BY", "THROUGH", "CHANGES", "REASON"],
        rows: body.revisions.map(row),
      }),
      names: () => body.revisions.map(({ revision }) => `r${revision}`),
    });
  });
};

const signs: Readonly<Record<string, string>> = { create: "+", update: "~", delete: "-" };

function row({ revision, at, by, through, reason, changes }: Revision): readonly Cell[] {
  const shown = changes
    .slice(0, 3)
    .map(({ kind, name, action }) => `${signs[action] ?? action}${collectionOfKind(kind) ?? kind}/${name}`);
  const more = changes.length > 3 ? [`and ${changes.length - 3} more`] : [];
  const what = [...shown, ...more].join(" ");
  return [`r${revision}`, ageText(Date.now() - Date.parse(at)), by, through, what, reason];
}
