import type { AddCommand } from "./cli.ts";
import { percentText } from "./endpoints.ts";
import type { Explained, ExplainedDestination, ExplainedShares } from "./explained.ts";
import { print } from "./print.ts";
import { type Cell, tableText } from "./table.ts";

type Options = {
  readonly client: string;
  readonly from?: string;
  readonly host?: string;
  readonly header: readonly string[];
  readonly if: readonly string[];
};

/** `weir explain --client edge-1 report.v1.Reports/CreateReport`. */
export const addExplain: AddCommand = (command, cli) => {
  const collect = (value: string, before: readonly string[]) => [...before, value];
  command
    .argument("[method]", "a gRPC method, like report.v1.Reports/CreateReport, or a path")
    .option("--client <id>", "a connected client's node id, or a kind: edge, sidecar, grpc", "edge")
    .option("--from <locality>", "where the client is, like dc-a/z1; its own place unless told")
    .option("--host <host>", "what it dials; needed where the method does not make it clear")
    .option("--header <name=value>", "a header of the request; several times for several", collect, [])
    .option("--if <what>", "what if this happened; several times for several answers", collect, [])
    .addHelpText(
      "after",
      "\nExamples:\n  weir explain --from dc-a/z1 --host report\n  weir explain --client billing-1 --if 'dc-a dies' --if '40 % of dc-b is ejected' --host report",
    )
    .action(async (method: string | undefined, { client, from, host, header, if: ifs }: Options) => {
      const query = new URLSearchParams({ client });
      if (from !== undefined) query.set("from", from);
      if (host !== undefined) query.set("host", host);
      if (method !== undefined) query.set("path", method.startsWith("/") ? method : `/${method}`);
      for (const each of header) query.append("header", each);
      for (const each of ifs) query.append("if", each);
      const { body } = await cli.api(command).get<Explained>(`/v1/explain?${query}`);
      await print(cli, command, {
        value: body,
        names: () => body.destinations.map(({ cluster }) => cluster),
        notes: () => textOf(body),
      });
    });
};

function textOf(explained: Explained): readonly string[] {
  const { client, host, path, revision, destinations, mirrors, unmatchedPercent, refusedPercent } = explained;
  const where = client.from === "" ? "" : ` in ${client.from}`;
  return [
    `${client.nodeId ?? client.kind}${where} dials ${host}${path === "/" ? "" : `, ${path}`} (revision ${revision})`,
    ...destinations.flatMap((destination) => ["", ...destinationText(destination)]),
    ...mirrors.map(({ rule, cluster, percent }) => `${shown(percent)} are copied to ${cluster}, by rule ${rule}`),
    ...(unmatchedPercent > 0 ? [`${shown(unmatchedPercent)} match no rule and are refused`] : []),
    ...(refusedPercent > 0 ? [`${shown(refusedPercent)} go to services that this client cannot call`] : []),
  ];
}

function destinationText(destination: ExplainedDestination): readonly string[] {
  const { cluster, percent, route, rule, abortedPercent, notes, now, ifs } = destination;
  const by = route === undefined ? "" : `, by rule ${rule} of Route ${route}`;
  const columns = ["", ...ifs.map((each) => each.if)];
  const all = [now, ...ifs.map(({ prediction }) => prediction)];
  const table = {
    columns: [
      { name: "PRIO", align: "right" as const },
      "WHERE",
      { name: "NOW", align: "right" as const },
      ...columns.slice(1).map((name) => ({ name, align: "right" as const })),
    ],
    rows: rowsOf(all),
  };
  return [
    `${shown(percent)} to ${cluster}${by}`,
    ...(abortedPercent > 0 ? [`  ${shown(abortedPercent)} of them are aborted by the rule's fault`] : []),
    ...notes.map((note) => `  ${note}`),
    ...tableText(table, { color: false })
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
    ...all.flatMap((each, index) => panicText(each, columns[index] ?? "")),
    ...ifs.filter(({ affected }) => affected === 0).map((each) => `  "${each.if}" is about none of its endpoints`),
  ];
}

/** A row for each locality, under it one for each of its endpoints, and one for what fails. */
function rowsOf(all: readonly ExplainedShares[]): readonly (readonly Cell[])[] {
  const localities = distinct(all.flatMap((each) => each.localities.map(({ locality }) => locality)));
  const rows = localities.flatMap((locality) => {
    const there = all.flatMap((each) => each.endpoints.filter((endpoint) => endpoint.locality === locality));
    const row = (name: string, has: (shares: ExplainedShares) => readonly { readonly percent: number }[]) => [
      name,
      ...all.map((each) => shown(has(each).reduce((sum, { percent }) => sum + percent, 0))),
    ];
    const priorities = distinct(
      (all[0]?.localities ?? []).filter((each) => each.locality === locality).map(({ priority }) => String(priority)),
    );
    return [
      [
        priorities.join(",") || "-",
        ...row(locality || "(no locality)", (each) => each.localities.filter((one) => one.locality === locality)),
      ],
      ...distinct(there.map(({ address }) => address)).map((address) => [
        "",
        ...row(`  ${address}`, (each) =>
          each.endpoints.filter((one) => one.address === address && one.locality === locality),
        ),
      ]),
    ];
  });
  const fails = all.some(({ failedPercent }) => failedPercent > 0)
    ? [["", "fails", ...all.map(({ failedPercent }) => failedCell(failedPercent))]]
    : [];
  return [...rows, ...fails];
}

function failedCell(percent: number): Cell {
  return percent > 0 ? { text: shown(percent), style: "red" } : shown(percent);
}

function panicText({ priorities }: ExplainedShares, when: string): readonly string[] {
  const panic = priorities.filter((each) => each.panic && each.percent > 0).map(({ priority }) => priority);
  if (panic.length === 0) return [];
  const where = panic.length === 1 ? `priority ${panic[0]}` : `priorities ${panic.join(", ")}`;
  return [`  ${when === "" ? "now" : `if ${when}`}: panic in ${where}, endpoints are used whatever their health`];
}

function shown(percent: number): string {
  return `${percentText(percent)} %`;
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
