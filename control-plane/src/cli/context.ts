import { resolve } from "node:path";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { contextNamed, contextsFile, readContexts, writeContexts } from "./contexts-file.ts";
import { print } from "./print.ts";

/** `weir context add|use|list|remove`. */
export const addContext: AddCommand = (command, cli) => {
  const { env, stdout } = cli.io;
  command.addHelpText(
    "after",
    `
A context is a control plane's address under a name of yours, in ${contextsFile(env)}.
Commands talk to: --server, --context, WEIR_SERVER, WEIR_CONTEXT, the context that is in use, a running demo, http://127.0.0.1:18080; the first that is said.`,
  );

  command
    .command("add")
    .description("give a control plane a name; the first one is in use at once")
    .argument("<name>")
    .argument("<url>", "like https://weir.dc-a.example:18080")
    .option("--token <file>", "a file with the token to show it")
    .action(async (name: string, server: string, { token }: { readonly token?: string }) => {
      if (!/^[\w.-]{1,100}$/.test(name)) throw new CliError(`"${name}": expected letters, digits, ".", "_" and "-"`);
      if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
        throw new CliError(`"${server}" is no address: expected a URL such as http://127.0.0.1:18080`);
      const before = readContexts(env);
      const context = { server, ...(token !== undefined && { tokenFile: resolve(token) }) };
      const current = before.current ?? name;
      await writeContexts(env, { ...before, current, contexts: { ...before.contexts, [name]: context } });
      stdout.write(`context ${name} is ${server}${current === name ? ", in use" : ""}\n`);
    });

  command
    .command("use")
    .description("talk to this one from now on")
    .argument("<name>")
    .action(async (name: string) => {
      const before = readContexts(env);
      const { server } = contextNamed(before, name);
      await writeContexts(env, { ...before, current: name });
      stdout.write(`context ${name} (${server}) is in use\n`);
    });

  command
    .command("remove")
    .description("forget it")
    .argument("<name>")
    .action(async (name: string) => {
      const { current, contexts, ...others } = readContexts(env);
      contextNamed({ contexts }, name);
      const rest = Object.fromEntries(Object.entries(contexts).filter(([each]) => each !== name));
      const still = current !== undefined && current !== name && { current };
      await writeContexts(env, { ...others, ...still, contexts: rest });
      stdout.write(`context ${name} is forgotten\n`);
    });

  const list = command
    .command("list")
    .description("all of them, and which is in use")
    .action(async () => {
      const { current, contexts } = readContexts(env);
      const all = Object.entries(contexts).sort(([a], [b]) => (a < b ? -1 : 1));
      await print(cli, list, {
        value: { current, contexts },
        table: () => ({
          columns: ["IN USE", "NAME", "SERVER", "TOKEN FILE"],
          rows: all.map(([name, { server, tokenFile }]) => [
            name === current ? "*" : "",
            name,
            server,
            tokenFile ?? "-",
          ]),
        }),
        names: () => all.map(([name]) => name),
      });
    });
};
