import { ageText } from "../lib/age.ts";
import type { Source } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

/** `weir sources`; exits with 1 when one of them is not current. */
export const addSources: AddCommand = (command, cli) => {
  command.action(async () => {
    const { body } = await cli.api(command).get<{ sources: readonly Source[] }>("/v1/sources");
    await print(cli, command, {
      value: body,
      table: () => ({ columns, rows: body.sources.map(row) }),
      names: () => body.sources.map(({ source }) => source),
    });
    if (body.sources.some(({ state }) => state !== "current")) cli.exit(1);
  });
};

const columns = [
  "SOURCE",
  "KIND",
  "STATE",
  { name: "SERVICES", align: "right" as const },
  { name: "ENDPOINTS", align: "right" as const },
  "CAUSE",
];

function row({ source, kind, state, ageSeconds, services, endpoints, cause = "" }: Source): readonly Cell[] {
  const text = `${state} (${ageText(ageSeconds * 1000)})`;
  const style = ({ current: "green", stale: "red", suspect: "yellow", waiting: "yellow" } as const)[state];
  return [source, kind, { text, style }, String(services), String(endpoints), cause];
}
