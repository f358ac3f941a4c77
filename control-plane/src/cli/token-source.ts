import { readFile } from "node:fs/promises";
import { CliError } from "./cli-error.ts";

/**
 * The token to send: of the file that --token-file names, else WEIR_TOKEN, else of the file that WEIR_TOKEN_FILE names; undefined
 * when none is. What is wrong is told without it.
 */
export async function tokenFrom(
  tokenFile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const said = tokenFile ? undefined : env["WEIR_TOKEN"];
  if (said) return checked(said.trim(), "WEIR_TOKEN");
  const file = tokenFile || env["WEIR_TOKEN_FILE"];
  if (!file) return undefined;
  const text = await readFile(file, "utf8").catch((cause: Error) =>
    Promise.reject(new CliError(`cannot read the token: ${cause.message}`)),
  );
  return checked(text.trim(), file);
}

function checked(token: string, from: string): string {
  if (/^[!-~]+$/.test(token)) return token;
  throw new CliError(`${from} holds no token: expected one word, as weir token create prints it`);
}

/** Why a token is not sent to this server, where it could be read on the way; undefined: it may be. */
export function whyNotSent({ protocol, hostname }: Pick<URL, "protocol" | "hostname">): string | undefined {
  const isHere = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  if (protocol === "https:" || isHere) return undefined;
  return `the token is not sent to ${hostname} in the clear: give an https:// address (NODE_EXTRA_CA_CERTS names the authority of its certificate)`;
}
