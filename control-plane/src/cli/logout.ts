import type { AddCommand } from "./cli.ts";
import { loginKey, readContexts, writeLogin } from "./contexts-file.ts";
import { printable } from "./table.ts";

/** `weir logout`. */
export const addLogout: AddCommand = (command, cli) => {
  const { env, stdout, stderr } = cli.io;
  command.action(async () => {
    const { server } = cli.anonymous(command);
    const login = readContexts(env).logins?.[loginKey(server)];
    if (!login) {
      stdout.write(`nobody is logged in to ${server}\n`);
      return;
    }
    await writeLogin(env, server, undefined);
    stdout.write(`the login to ${server} is forgotten\n`);
    const { revokedLogin } = await import("./oidc-client.ts");
    await revokedLogin(login).catch((cause: Error) =>
      stderr.write(
        `${login.issuer} was not told, and would renew it for who has a copy: ${printable(cause.message)}\n`,
      ),
    );
  });
};
