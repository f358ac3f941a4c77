import { readFile } from "node:fs/promises";
import { ApiFailure } from "./api.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";

/** `weir version`; the server's is shown when it can be reached. */
export const addVersion: AddCommand = (command, cli) => {
  command.action(async () => {
    const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    const { version } = JSON.parse(text) as { version: string };
    const api = cli.api(command);
    const server = await api.get<{ version: string; node: string }>("/version").then(
      ({ body }) => `${body.version} (Node ${body.node}) at ${api.server}`,
      (error) => {
        if (error instanceof CliError && !(error instanceof ApiFailure)) return `not reached at ${api.server}`;
        throw error;
      },
    );
    cli.io.stdout.write(`weir    ${version} (Node ${process.versions.node})\nserver  ${server}\n`);
  });
};
