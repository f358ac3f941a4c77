import { type LogLevel, logLevels } from "../lib/log-level.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";

/** `weir log-level [LEVEL]`: how much the server's log says, and changes it until its next restart. */
export const addLogLevel: AddCommand = (command, cli) => {
  command
    .argument("[level]", `${logLevels.join(", ")}; without it, what it is now`)
    .action(async (level: string | undefined) => {
      if (level !== undefined && !logLevels.some((each) => each === level))
        throw new CliError(`"${level}" is no log level: one of ${logLevels.join(", ")}`);
      const api = cli.api(command);
      const path = "/v1/log-levels";
      const { body } = await (level === undefined
        ? api.get<{ level: LogLevel }>(path)
        : api.put<{ level: LogLevel }>(path, { level }));
      await print(cli, command, {
        value: body,
        table: () => ({ columns: ["LOG LEVEL"], rows: [[body.level]] }),
        names: () => [body.level],
      });
    });
};
