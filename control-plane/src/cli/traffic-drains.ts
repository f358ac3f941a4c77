import { ageText } from "../lib/age.ts";
import type { AddCommand } from "./cli.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

/** A drain as `GET /v1/drains` tells it. */
export type DrainRow = {
  readonly name: string;
  readonly locality: string;
  readonly mode: "drain" | "isolate";
  /** Absent: all. */
  readonly services?: readonly string[];
  readonly reason: string;
  readonly by: string;
  readonly expireTime: string;
  readonly expiresInSeconds: number;
};

/** `weir traffic drains`. */
export const addTrafficDrains: AddCommand = (command, cli) => {
  command.action(async () => {
    const { body } = await cli.api(command).get<{ readonly rows: readonly DrainRow[] }>("/v1/drains");
    const rows = body.rows.filter(({ expiresInSeconds }) => expiresInSeconds > 0);
    await print(cli, command, {
      value: { rows },
      ...(rows.length > 0 && { table: () => ({ columns, rows: rows.map(row) }) }),
      names: () => rows.map(({ name }) => `drains/${name}`),
      notes: () =>
        rows.length === 0 ? ["nothing is drained or isolated"] : ["weir traffic undrain PLACE ends it before its time"],
    });
  });
};

const columns = ["PLACE", "MODE", "SERVICES", { name: "LEFT", align: "right" as const }, "BY", "REASON"];

function row({ locality, mode, services, expiresInSeconds, by, reason }: DrainRow): readonly Cell[] {
  return [locality, mode, services?.join(",") ?? "*", ageText(expiresInSeconds * 1000 + 999), by, reason];
}
