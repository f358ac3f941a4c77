import { Option } from "commander";
import { type Role, roles } from "../model/role.ts";
import { newToken, tokenHash } from "../operator/auth/new-token.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";

type Flags = {
  readonly name: string;
  readonly role: Role;
  readonly service?: readonly string[];
  readonly datacenter?: readonly string[];
  readonly days?: string;
};

const several = (text: string, before: readonly string[] = []) => [...before, text];

/** `weir token`. */
export const addToken: AddCommand = (command, cli) => {
  command
    .command("create")
    .description("make a token, and the entry of the server's tokens file that lets it in; asks no server")
    .requiredOption("--name <name>", "who it is for: what the history shows")
    .addOption(new Option("--role <role>", "what it may do").choices(roles).makeOptionMandatory())
    .option("--service <name>", 'of a shifter: report, team-* or "*"; may be repeated', several)
    .option("--datacenter <name>", "of a shifter: only these; may be repeated (default: all)", several)
    .option("--days <count>", "how long it counts (default: until it is taken out of the file)")
    .action(async ({ name, role, service, datacenter, days }: Flags, created) => {
      if (role === "shifter" && service === undefined)
        throw new CliError('a shifter needs --service: what may it shift? --service "*" is every service');
      if (role !== "shifter" && (service ?? datacenter) !== undefined)
        throw new CliError(`--service and --datacenter are for a shifter, not for ${role}`);
      if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days))
        throw new CliError(`--days: expected a whole number from 1 to 9999, got "${days}"`);
      const token = newToken();
      const entry = {
        name,
        role,
        ...(service && { services: service }),
        ...(datacenter && { datacenters: datacenter }),
        sha256: tokenHash(token),
        ...(days !== undefined && { expires: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }),
      };
      const { stringify } = await import("yaml");
      await print(cli, created, {
        value: { token, entry },
        names: () => [token],
        notes: () => [
          token,
          "",
          "This is shown once. It is let in by this entry in the file that admin.auth.tokens names:",
          ...stringify({ tokens: [entry] }, { lineWidth: 0 })
            .trimEnd()
            .split("\n"),
        ],
      });
    });
};
