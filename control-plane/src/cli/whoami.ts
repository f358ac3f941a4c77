import type { AddCommand } from "./cli.ts";
import { print } from "./print.ts";

type Who = {
  readonly name?: string;
  readonly role: string;
  readonly services: readonly string[];
  readonly datacenters: readonly string[];
  readonly knownBy: string;
  readonly subject?: string;
  readonly also?: readonly { readonly services: readonly string[]; readonly datacenters: readonly string[] }[];
};

/** `weir whoami`. */
export const addWhoami: AddCommand = (command, cli) => {
  command.action(async () => {
    const { body } = await cli.api(command).get<Who>("/v1/whoami");
    const { name = "-", role, services, datacenters, knownBy, subject, also = [] } = body;
    await print(cli, command, {
      value: body,
      table: () => ({
        columns: ["NAME", "ROLE", "SERVICES", "DATACENTERS", "KNOWN BY"],
        rows: [[name, role, services.join(","), datacenters.join(","), knownBy]],
      }),
      names: () => [name],
      notes: () => [
        ...(knownBy === "nothing" ? ["This server asks nobody who they are: everybody who reaches it is admin."] : []),
        ...also.map((each) => `Also ${each.services.join(",")} in ${each.datacenters.join(",")}.`),
        ...(subject === undefined ? [] : [`The history has it as ${subject}.`]),
      ],
    });
  });
};
