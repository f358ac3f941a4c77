import { ageText } from "../lib/age.ts";
import type { Traffic, TrafficRow } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { percentText } from "./endpoints.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

/** `weir traffic get [SERVICE]`. */
export const addTrafficGet: AddCommand = (command, cli) => {
  command.argument("[service]", "only this one").action(async (service: string | undefined) => {
    const query = service === undefined ? "" : `?${new URLSearchParams({ service })}`;
    const { body } = await cli.api(command).get<Traffic>(`/v1/traffic${query}`);
    await print(cli, command, {
      value: body,
      table: () => ({ columns, rows: body.rows.map(row) }),
      names: () => [...new Set(body.rows.map((each) => each.service))],
      notes: () =>
        body.overrides.map(
          ({ service, locality, weight, by, reason, expiresInSeconds }) =>
            `! ${service}: ${locality} has ${weight} % of its weight for another ${ageText(expiresInSeconds * 1000)} (${by}: ${reason})`,
        ),
    });
  });
};

const columns = [
  "SERVICE",
  "FROM",
  "TO",
  { name: "PRIO", align: "right" as const },
  { name: "WEIGHT", align: "right" as const },
  { name: "ENDPOINTS", align: "right" as const },
];

function row({ service, from, to, use, priority, weightPercent, endpoints }: TrafficRow): readonly Cell[] {
  const callers = from === "*" || from.includes("/") ? from : `${from}/*`;
  const weight = weightPercent === undefined ? use : `${percentText(weightPercent)} %`;
  const there = `${endpoints.serving}/${endpoints.total}`;
  const isBad = endpoints.serving === 0 && weightPercent !== 0;
  return [
    service,
    callers,
    to,
    use === "nearest" ? "near" : String(priority),
    weight,
    isBad ? { text: there, style: "red" } : there,
  ];
}
