import { ageText } from "../lib/age.ts";
import type { ChangedDocument, Revision } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { documentText } from "./document-text.ts";
import { momentOf } from "./moment.ts";
import { fieldText } from "./plan-lines.ts";
import { print } from "./print.ts";
import { collectionOfKind, kindHelp, parseResource } from "./resources.ts";
import type { Cell } from "./table.ts";

/** `weir history [KIND NAME | r41]`. */
export const addHistory: AddCommand = (command, cli) => {
  command
    .argument("[what]", `${kindHelp}; or a revision such as r41`)
    .argument("[name]")
    .option("--limit <count>", "how many, newest first", "20")
    .option("--fields", "with what changed in the documents")
    .addHelpText(
      "after",
      `
Examples:
  weir history                          # the newest revisions
  weir history trafficSplit report      # what changed in one document, by whom and why
  weir history r41                      # one revision, with what it changed`,
    )
    .action(async (what: string | undefined, name: string | undefined, flags: Flags) => {
      const api = cli.api(command);
      const isRevision = what !== undefined && name === undefined && /^r\d+$/.test(what);
      if (isRevision) {
        const { body } = await api.get<Revision>(`/v1/revisions/${momentOf(what).path}`);
        await print(cli, command, {
          value: body,
          names: () => [`r${body.revision}`],
          notes: () => linesOf(body),
        });
        return;
      }
      const document = what === undefined ? undefined : documentOf(what, name);
      const query = new URLSearchParams({ limit: flags.limit });
      const hasFields = document !== undefined || flags.fields === true;
      if (document !== undefined) query.set("document", document);
      if (hasFields) query.set("fields", "true");
      const { body } = await api.get<{ revisions: readonly Revision[] }>(`/v1/revisions?${query}`);
      await print(cli, command, {
        value: body,
        ...(!hasFields && {
          table: () => ({
            columns: ["REVISION", "AGE", "BY", "THROUGH", "CHANGES", "REASON"],
            rows: body.revisions.map((each) => row(each, 3)),
          }),
          wide: () => ({
            columns: ["REVISION", "AGE", "BY", "THROUGH", "CHANGES", "REASON", "AT"],
            rows: body.revisions.map((each) => [...row(each, Number.POSITIVE_INFINITY), each.at]),
          }),
        }),
        names: () => body.revisions.map(({ revision }) => `r${revision}`),
        ...(hasFields && {
          notes: () =>
            body.revisions.length > 0 ? body.revisions.flatMap(linesOf) : [`nothing is known of ${document ?? "any"}`],
        }),
      });
    });
};

type Flags = { readonly limit: string; readonly fields?: boolean };

function documentOf(kind: string, given: string | undefined): string {
  const { collection, name } = parseResource(kind, given);
  if (name === undefined) throw new CliError(`which of the ${collection}? expected weir history KIND NAME`);
  return `${collection}/${name}`;
}

const signs: Readonly<Record<string, string>> = { create: "+", update: "~", delete: "-" };

/** One revision with what it changed, for reading from top to bottom. */
function linesOf({ revision, at, by, through, reason, changes }: Revision): readonly string[] {
  const head = `r${revision}  ${at}  (${ageText(Date.now() - Date.parse(at))} ago)  by ${by} through ${through}${reason === "" ? "" : `: ${reason}`}`;
  return [head, ...changes.flatMap(changeLines)];
}

const mostFields = 40;

function changeLines({ action, fields, ...document }: ChangedDocument): readonly string[] {
  const what = `  ${signs[action] ?? action} ${documentText(document)}`;
  if (!fields) return [`${what}  (what it said before is not kept)`];
  const more = fields.length > mostFields ? [`      and ${fields.length - mostFields} more`] : [];
  return [what, ...fields.slice(0, mostFields).map((field) => `      ${fieldText(field)}`), ...more];
}

function row({ revision, at, by, through, reason, changes }: Revision, most: number): readonly Cell[] {
  const shown = changes
    .slice(0, most)
    .map(({ kind, name, action }) => `${signs[action] ?? action}${collectionOfKind(kind) ?? kind}/${name}`);
  const more = changes.length > most ? [`and ${changes.length - most} more`] : [];
  const what = [...shown, ...more].join(" ");
  return [`r${revision}`, ageText(Date.now() - Date.parse(at)), by, through, what, reason];
}
