import { ageText } from "../lib/age.ts";
import { clientKinds, clientNames } from "../model/client-software.ts";
import type { Described, DescribedDocument, DescribedField } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";
import { documentUrl, kindHelp, parseResource } from "./resources.ts";
import { tableText } from "./table.ts";

/** `weir describe KIND NAME`; exits with 1 when a client rejects any of it. */
export const addDescribe: AddCommand = (command, cli) => {
  command
    .argument("<kind>", kindHelp)
    .argument("[name]")
    .option("--all", "also the defaults that every kind of client obeys")
    .addHelpText("after", "\nExamples:\n  weir describe service report\n  weir describe trafficPolicies/report -o yaml")
    .action(async (kind: string, name: string | undefined, { all }: { all?: boolean }) => {
      const wanted = parseResource(kind, name);
      if (wanted.name === undefined) throw new CliError(`which one? \`weir get ${kind} -o name\` lists them`);
      const url = `${documentUrl(wanted.collection, wanted.name)}/description?fields=${all ? "all" : "notable"}`;
      const { body } = await cli.api(command).get<Described>(url);
      await print(cli, command, {
        value: body,
        names: () => [`${wanted.collection}/${wanted.name}`],
        notes: () => textOf(body),
      });
      if (body.programmed.rejects.length > 0) cli.exit(1);
    });
};

function textOf(described: Described): readonly string[] {
  const { kind, name, clients, programmed, notes } = described;
  const { clients: all, has, behind, rejects } = programmed;
  const connected = clients.filter((each) => each.clients > 0);
  const who = connected.map((each) =>
    [String(each.clients), nameOf(each.kind), each.version].filter(Boolean).join(" "),
  );
  return [
    `${kind} ${name}`,
    ...described.services.flatMap(({ name: service, served, why, resources }) => [
      `  service     ${service}, ${served ? "served" : `not served: ${why ?? "unknown"}`}`,
      ...(resources ? [`  resources   ${resourcesText(resources)}`] : []),
    ]),
    `  clients     ${who.join(", ") || "none is connected that was told of it"}`,
    `  programmed  ${has} of ${all} have all of it${behind > 0 ? `, ${behind} have not answered yet` : ""}`,
    ...rejects.map(
      (each) => `  rejected    ${each.nodeId} (${each.agent}): ${each.type} ${each.resource}: ${each.reason}`,
    ),
    ...described.documents.flatMap((document) => ["", ...documentText(document)]),
    ...(notes.length > 0 ? ["", "Not as written:", ...notes.map((note) => `  ${note}`)] : []),
  ];
}

function resourcesText(resources: NonNullable<Described["services"][number]["resources"]>): string {
  return Object.entries(resources)
    .filter(([, { clusters }]) => clusters.length > 0)
    .map(
      ([client, { listeners, routes, clusters }]) =>
        `${client}: listener ${listeners.join(", ")}, routes ${routes.join(", ")}, cluster ${clusters.join(", ")}`,
    )
    .join("; ");
}

function documentText({ kind, name, origin, accepted, fields }: DescribedDocument): readonly string[] {
  const shown = columnsOf(fields);
  const rows = fields.map((field) => [
    `  ${field.path}`,
    valueText(field.value),
    field.origin,
    ...shown.map((client) => effectText(field, client)),
  ]);
  const table = { columns: ["  FIELD", "VALUE", "FROM", ...shown.map((client) => nameOf(client))], rows };
  const from = origin.kind === "file" ? origin.path : origin.kind;
  const author = accepted
    ? `r${accepted.revision} by ${accepted.by}, ${ageText(Date.now() - Date.parse(accepted.at))} ago, from ${from}${accepted.reason ? `: ${accepted.reason}` : ""}`
    : "not written: defaults";
  const lines = rows.length > 0 ? tableText(table, { color: false }).trimEnd().split("\n") : [];
  return [`${kind} ${name}  (${author})`, ...lines];
}

/** A server newer than this program may know of more kinds. */
function nameOf(client: string): string {
  const kind = clientKinds.find((each) => each === client);
  return kind === undefined ? client : clientNames[kind];
}

/** The kinds that are connected; all of them while none is. */
function columnsOf(fields: readonly DescribedField[]): readonly string[] {
  const on = fields[0]?.on ?? [];
  const connected = on.filter(({ clients }) => clients > 0);
  return [...new Set((connected.length > 0 ? connected : on).map(({ kind }) => kind))];
}

/** Of several versions the one that obeys least. */
function effectText({ on }: DescribedField, client: string): string {
  const effects = on.filter(({ kind }) => kind === client).map(({ effect }) => effect);
  const worst = (["withheld", "ignored", "approximated", "obeyed"] as const).find((each) => effects.includes(each));
  return worst ?? "-";
}

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
