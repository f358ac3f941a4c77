import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { contextsFile, writeLogin } from "./contexts-file.ts";
import { type LoginWay, logInByDevice } from "./oidc-client.ts";
import { printable } from "./table.ts";
import { whyNotSent } from "./token-source.ts";

/** `weir login`. */
export const addLogin: AddCommand = (command, cli) => {
  const { env, stdout, stderr, signal } = cli.io;
  command
    .addHelpText(
      "after",
      `
Shows an address and a code for a browser on any machine, and keeps what the provider then gives in ${contextsFile(env)},
for this user alone. It is renewed as long as the provider does that; weir logout forgets it. --token-file, WEIR_TOKEN and WEIR_TOKEN_FILE count before it.`,
    )
    .action(async () => {
      const { server, get } = cli.anonymous(command);
      const unsafe = whyNotSent(new URL(server));
      if (unsafe !== undefined) throw new CliError(unsafe);
      const { oidc } = (await get<{ readonly oidc?: LoginWay }>("/v1/login")).body;
      if (!oidc)
        throw new CliError(
          `${server} names no OpenID provider to log in by (admin.auth.oidc.login): show it a token, with --token-file or WEIR_TOKEN`,
        );
      const login = await logInByDevice(
        oidc,
        ({ url, code, whole }) => {
          const lines = [`To log in at ${oidc.issuer}, open`, `  ${whole ?? url}`, `and confirm the code ${code}`];
          stderr.write(`${lines.map(printable).join("\n")}\n`);
        },
        signal,
      );
      await writeLogin(env, server, login);
      const until = login.refreshToken === undefined && login.expires !== undefined ? ` until ${login.expires}` : "";
      stdout.write(`logged in to ${server}${until}\n`);
    });
};
