import type { Command } from "commander";
import type { Api } from "./api.ts";
import type { CliIo } from "./io.ts";

export const formats = ["table", "wide", "json", "yaml", "name"] as const;
export type Format = Exclude<(typeof formats)[number], "wide">;

/** What a command is given. */
export type Cli = {
  readonly io: CliIo;
  /** The server that --server, WEIR_SERVER or a running demo names. */
  api(command: Command): Api;
  /** The same, which is shown no token. */
  anonymous(command: Command): Api;
  /** A wide table is a table. */
  format(command: Command): Format;
  isWide(command: Command): boolean;
  /** Ends with this code instead of 0: 1 for a difference or findings. */
  exit(code: number): void;
};

/** What a command's file exports: its arguments, options and action. */
export type AddCommand = (command: Command, cli: Cli) => void;
