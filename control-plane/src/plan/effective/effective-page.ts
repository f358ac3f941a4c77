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

type Column = (typeof columns)[number];
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

/** What the kinds do that do not obey, each said once with whom it is about; and whence what the libraries do is known. */
function insteadOf({ on }: Capability): string {
  const told = columns.filter(([client]) => !on[client].source.startsWith("Envoy: ") || on[client].instead !== "");
  const groups = Map.groupBy(told, ([client]) => on[client].instead);
  const whole = on.envoy.since ? [`Envoy: since ${on.envoy.since.release.join(".")}`] : [];
  return [...whole, ...[...groups].map(([instead, group]) => groupText(instead, group, on))].join("; ");
}

function groupText(instead: string, group: readonly Column[], on: Capability["on"]): string {
  const bySource = Map.groupBy(group, ([client]) => on[client].source);
  const sources = [...bySource].map(([source, some]) =>
    bySource.size === 1
      ? source
      : source === "measured"
        ? `${source} with ${namesText(some)}`
        : `${namesText(some)}: ${source}`,
  );
  const isAll = group.length === columns.length - 1 && group.every(([client]) => client !== "envoy");
  const text = instead === "" ? sources.join("; ") : `${instead} (${sources.join("; ")})`;
  return isAll || (instead === "" && bySource.size > 1) ? text : `${namesText(group)}: ${text}`;
}

function namesText(group: readonly Column[]): string {
  return group.map(([, name]) => name).join(", ");
}

function grfcTable(): string {
  const rows = Object.entries(grfcs).map(
    ([name, { title, go, java, core, node }]) =>
      `| ${name} | ${title} | ${[go, java, core, node].map((release) => release?.join(".") ?? "-").join(" | ")} |`,
  );
  return ["| gRFC | | Go | Java | C core | Node |", "| --- | --- | --- | --- | --- | --- |", ...rows, ""].join("\n");
}

if (import.meta.main) writeFileSync(pageFile, withEffectiveTables(readFileSync(pageFile, "utf8")));
