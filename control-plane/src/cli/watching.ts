import type { Command } from "commander";
import { Option } from "commander";
import { pause } from "../lib/wait.ts";
import { ApiFailure } from "./api.ts";
import type { Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { printable } from "./table.ts";

export function watchOption(): Option {
  return new Option("-w, --watch", "show it again whenever it changes, until Ctrl-C");
}

type EventKind = "revision" | "clients" | "sources" | "traffic";

const clearScreen = "\u001b[H\u001b[2J\u001b[3J";

/**
 * Shows something now and after each of these events, as long as nobody interrupts; what is the same as before is not shown
 * again. A server that is gone is waited for, with what was last known still on the screen.
 */
export async function watching(
  cli: Cli,
  command: Command,
  events: readonly EventKind[],
  show: (cli: Cli) => Promise<void>,
): Promise<void> {
  const { io } = cli;
  let shown: string | undefined;
  let isGone = false;

  async function again(): Promise<void> {
    let text = "";
    const stdout = { write: (part: string) => (text += part), isTTY: io.stdout.isTTY };
    cli.exit(0);
    await show({ ...cli, io: { ...io, stdout } });
    if (text === shown) return;
    const isFirst = shown === undefined;
    const between = io.stdout.isTTY === true ? clearScreen : isFirst || cli.format(command) !== "table" ? "" : "\n";
    io.stdout.write(`${between}${text}`);
    shown = text;
  }

  while (!io.signal.aborted) {
    try {
      for await (const { event } of cli.api(command).events()) {
        isGone = false;
        if (event === "hello" || events.some((each) => each === event)) await again();
      }
    } catch (error) {
      if (io.signal.aborted) return;
      const isOver = !(error instanceof CliError) || (error instanceof ApiFailure && error.code < 500);
      if (shown === undefined || isOver) throw error;
      if (!isGone) io.stderr.write(`${printable(error.message)}\nwaiting for it; the above is how it was\n`);
      isGone = true;
    }
    await pause(1_000, io.signal);
  }
}
