import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { printable, type Table, tableText } from "./table.ts";

/** The same thing for people and for programs; only what is asked for is made. */
export type Printable = {
  readonly value: unknown;
  /** Left out where there are only notes. */
  readonly table?: () => Table;
  /** The same with more columns, where there is more to show. */
  readonly wide?: () => Table;
  readonly names: () => readonly string[];
  /** Lines under the table. */
  readonly notes?: () => readonly string[];
};

/** Prints as `-o` says. */
export async function print(
  cli: Cli,
  command: Command,
  { value, table, wide, names, notes }: Printable,
): Promise<void> {
  const { stdout } = cli.io;
  switch (cli.format(command)) {
    case "json":
      stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
      return;
    case "yaml": {
      const { stringify } = await import("yaml");
      stdout.write(stringify(value, { lineWidth: 120 }));
      return;
    }
    case "name":
      for (const name of names()) stdout.write(`${printable(name)}\n`);
      return;
    case "table": {
      const shown = cli.isWide(command) ? (wide ?? table) : table;
      if (shown) stdout.write(tableText(shown(), { color: hasColor(cli) }));
      for (const note of notes?.() ?? []) stdout.write(`${printable(note)}\n`);
    }
  }
}

/** https://no-color.org: any text in NO_COLOR means none. */
export function hasColor({ io: { env, stdout } }: Cli): boolean {
  return stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}
