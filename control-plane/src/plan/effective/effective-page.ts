import { readFileSync, writeFileSync } from "node:fs";
import type { ClientKind } from "../../model/client-software.ts";
import type { DocumentKind } from "../../policy/policy-store.ts";
import { capabilities } from "./capabilities.ts";
import type { Capability, Cell, Effect } from "./capability.ts";
import { grfcs } from "./grfcs.ts";

// node control-plane/src/plan/effective/effective-page.ts: rewrites the tables of docs/effective-on.md.

export const pageFile = new URL("../../../../docs/effective-on.md", import.meta.url);

/** The page with its tables, each between `<!-- effective: KIND -->` or `<!-- grfcs -->` and `<!-- end -->`, as the code has them. */
export function withEffectiveTables(page: string): string {
  return page
    .replace(
      /(<!-- effective: (\w+) -->\n).*?(<!-- end -->)/gs,
      (_, begin: string, kind: DocumentKind, end: string) => `${begin}${tableOf(kind)}${end}`,
    )
    .replace(/(<!-- grfcs -->\n).*?(<!-- end -->)/s, (_, begin: string, end: string) => `${begin}${grfcTable()}${end}`);
}

const columns = [
  ["envoy", "Envoy"],
  ["grpc-go", "Go"],
  ["grpc-java", "Java"],
  ["grpc-core", "C core"],
  ["grpc-node", "Node"],
] as const satisfies readonly (readonly [ClientKind, string])[];

const marks: Readonly<Record<Effect, string>> = { obeyed: "●", approximated: "◐", ignored: "○", withheld: "⊘" };

function tableOf(kind: DocumentKind): string {
  const rows = capabilities[kind];
  const own = rows.filter(isOwnWork).map(fieldText);
  const table = grouped(rows.filter((row) => !isOwnWork(row))).map(
    (group) =>
      `| ${namesOf(group)} | ${columns.map(([client]) => markOf(group[0].on[client])).join(" | ")} | ${insteadOf(group[0])} |`,
  );
  const head = `| ${kind} | ${columns.map(([, name]) => name).join(" | ")} | what happens instead |`;
  const done = own.length > 0 ? [`Weir sees to ${own.join(", ")} itself, whoever the client is.`, ""] : [];
  const lines = table.length > 0 ? [head, `| --- |${columns.map(() => " :-: |").join("")} --- |`, ...table, ""] : [];
  return [...lines, ...done].join("\n");
}

function isOwnWork({ on }: Capability): boolean {
  return columns.every(([client]) => on[client].source === "Weir");
}

type Group = readonly [Capability, ...Capability[]];

/** Rows that say the same, one after the other, are one. */
function grouped(rows: readonly Capability[]): readonly Group[] {
  const groups: [Capability, ...Capability[]][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last && sameRow(last[0], row)) last.push(row);
    else groups.push([row]);
  }
  return groups;
}

function sameRow(a: Capability, b: Capability): boolean {
  const parent = ({ field }: Capability) => field.slice(0, field.lastIndexOf(".") + 1);
  const isPlain = ({ value, where }: Capability) => value === undefined && where === undefined;
  return isPlain(a) && isPlain(b) && parent(a) === parent(b) && JSON.stringify(a.on) === JSON.stringify(b.on);
}

function namesOf([first, ...others]: Group): string {
  const shorter = others.map(({ field }) => `\`…${field.slice(field.lastIndexOf("."))}\``);
  return [fieldText(first), ...shorter].join(", ");
}

function fieldText({ field, value, where, whole }: Capability): string {
  const name = `\`${field}${whole ? ".*" : ""}\``;
  return [name, value ?? "", where?.says ?? ""].filter((text) => text !== "").join(" ");
}

function markOf({ effect, since }: Cell): string {
  return since && since.before.effect !== effect ? `${marks[effect]}*` : marks[effect];
}

/** What the kinds do that do not obey, each said once with whom it is about; and whence what the others do is known. */
function insteadOf({ on }: Capability): string {
  const said = new Map<string, string[]>();
  for (const [client, name] of columns) {
    const { instead, source } = on[client];
    const text = instead === "" ? source : `${instead} (${source})`;
    said.set(text, [...(said.get(text) ?? []), name]);
  }
  const libraries = columns.length - 1;
  const whole = on.envoy.since ? [`Envoy: since ${on.envoy.since.release.join(".")}`] : [];
  const told = [...said].filter(([text]) => !text.startsWith("Envoy: "));
  return [
    ...whole,
    ...told.map(([text, names]) => (names.length === libraries ? text : `${names.join(", ")}: ${text}`)),
  ].join("; ");
}

function grfcTable(): string {
  const rows = Object.entries(grfcs).map(
    ([name, { title, go, java, core, node }]) =>
      `| ${name} | ${title} | ${[go, java, core, node].map((release) => release?.join(".") ?? "-").join(" | ")} |`,
  );
  return ["| gRFC | | Go | Java | C core | Node |", "| --- | --- | --- | --- | --- | --- |", ...rows, ""].join("\n");
}

if (import.meta.main) writeFileSync(pageFile, withEffectiveTables(readFileSync(pageFile, "utf8")));
