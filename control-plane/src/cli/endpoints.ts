import { Option } from "commander";
import type { Placements } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { type Ejections, ejectionsOf, isTelling, outlierText } from "./ejections.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

/** `weir endpoints SERVICE --from dc-a/z1 --subset v2`. */
export const addEndpoints: AddCommand = (command, cli) => {
  command
    .argument("<service>")
    .option("--from <locality>", "where the client is, like dc-a/z1")
    .option("--subset <name>", "one of its subsets; the whole service unless told")
    .addOption(new Option("--client <kind>", "what it is").choices(["envoy", "grpc"]).default("envoy"))
    .action(async (service: string, { from, client, subset }: { from?: string; client: string; subset?: string }) => {
      const query = new URLSearchParams({
        client,
        ...(from !== undefined && { from }),
        ...(subset !== undefined && { subset }),
      });
      const { body } = await cli
        .api(command)
        .get<Placements>(`/v1/services/${encodeURIComponent(service)}/endpoints?${query}`);
      const ejections = await ejectionsOf(cli, command, service);
      const outlier = (address: string) => outlierCell(ejections, address);
      await print(cli, command, {
        value: body,
        table: () => ({ columns, rows: body.placements.flatMap((each) => rowsOf(each, outlier)) }),
        notes: () => body.placements.flatMap(notesOf),
        names: () => body.placements.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)),
      });
    });
};

const columns = [
  { name: "PRIO", align: "right" as const },
  "LOCALITY",
  { name: "SHARE", align: "right" as const },
  { name: "NOW", align: "right" as const },
  "ADDRESS",
  { name: "WEIGHT", align: "right" as const },
  "SOURCE",
  "HEALTH",
  "OUTLIER",
  "ID",
];

/** What clients say of it; `?` where none can be asked, which is not the same as none having ejected it. */
function outlierCell(ejections: Ejections, address: string): Cell {
  const ejected = ejections.endpoints.find((each) => each.address === address);
  if (ejected) return { text: outlierText(ejected), style: ejected.state === "enforced" ? "yellow" : "red" };
  return isTelling(ejections) ? "-" : { text: "?", style: "dim" };
}

function rowsOf(
  { priority, locality, sharePercent, nowPercent, endpoints }: Placements["placements"][number],
  outlier: (address: string) => Cell,
): readonly (readonly Cell[])[] {
  return endpoints.map(({ id, address, weight, source, health }, index) => [
    String(priority),
    locality || "-",
    // Once for the locality: below it is the same.
    index === 0 ? `${percentText(sharePercent)} %` : "",
    index > 0 ? "" : nowPercent === undefined ? "-" : `${percentText(nowPercent)} %`,
    address,
    String(weight),
    source,
    health === "serving" ? health : { text: health, style: health === "failing" ? "red" : "yellow" },
    outlier(address),
    id === address ? "-" : id,
  ]);
}

/** What is behind the shares: what is held back, and what a region bears. */
function notesOf({ locality, heldAtPercent, ceilingRps, nowPercent = 0 }: Placements["placements"][number]) {
  return [
    ...(heldAtPercent === undefined
      ? []
      : [`! ${locality} came back: it is used as if ${percentText(heldAtPercent)} % of it were healthy`]),
    ...(ceilingRps === undefined || nowPercent === 0
      ? []
      : [`${locality}: its region gets at most ${ceilingRps} requests a second`]),
  ];
}

/** At most one decimal: `33.3`, `80`. */
export function percentText(percent: number): string {
  return String(Math.round(percent * 10) / 10);
}
