import { CliError } from "./cli-error.ts";
import { loginKey, readContexts, writeLogin } from "./contexts-file.ts";

// Long enough for the request that it is shown with.
const leftMs = 30_000;

/** The token that weir login got for this control plane, a new one where it is about to expire; undefined: nobody logged in. */
export async function tokenOfLogin(
  server: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const read = () => readContexts(env).logins?.[loginKey(server)];
  const login = read();
  if (!login) return undefined;
  const isGood = ({ expires }: { readonly expires?: string }) =>
    expires === undefined || Date.parse(expires) - Date.now() > leftMs;
  if (isGood(login)) return login.token;
  const again = `the login at ${login.issuer} is over: weir login`;
  if (login.refreshToken === undefined) throw new CliError(again);
  // Loaded for who needs it: the client takes a while.
  const { refreshedLogin } = await import("./oidc-client.ts");
  try {
    const fresh = await refreshedLogin(login);
    await writeLogin(env, server, fresh);
    return fresh.token;
  } catch (cause) {
    // A refresh token may count once: another command may have been quicker.
    const other = read();
    if (other && isGood(other)) return other.token;
    throw new CliError(`${again} (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}
