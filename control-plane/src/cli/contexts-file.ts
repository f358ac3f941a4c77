import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CliError } from "./cli-error.ts";

/** A control plane by name. */
export type Context = { readonly server: string; readonly tokenFile?: string };

/** What weir login was given for a control plane. */
export type Login = {
  readonly issuer: string;
  readonly clientId: string;
  readonly shows: "id-token" | "access-token";
  readonly token: string;
  readonly refreshToken?: string;
  /** RFC 3339; absent: the provider did not say. */
  readonly expires?: string;
};

export type Contexts = {
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
  /** By the address of the control plane, as `loginKey` spells it. */
  readonly logins?: Readonly<Record<string, Login>>;
};

type Env = Readonly<Record<string, string | undefined>>;

const shape = z.strictObject({
  current: z.string().exactOptional(),
  contexts: z.record(z.string(), z.strictObject({ server: z.string(), tokenFile: z.string().exactOptional() })),
  logins: z
    .record(
      z.string(),
      z.strictObject({
        ...{ issuer: z.string(), clientId: z.string(), shows: z.enum(["id-token", "access-token"]), token: z.string() },
        ...{ refreshToken: z.string().exactOptional(), expires: z.string().exactOptional() },
      }),
    )
    .exactOptional(),
});

/** `$XDG_CONFIG_HOME/weir/contexts.json`, by default in `~/.config`. */
export function contextsFile(env: Env): string {
  return join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "weir", "contexts.json");
}

/** None when there is no such file; throws for one that cannot be understood. */
export function readContexts(env: Env): Contexts {
  const file = contextsFile(env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && ["ENOENT", "ENOTDIR"].includes(String(cause.code)))
      return { contexts: {} };
    throw new CliError(`cannot read the contexts: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new CliError(`${file} does not hold contexts: correct it, or move it away and use weir context add`);
  }
}

/** Whole or not at all; for this user alone. */
export async function writeContexts(env: Env, contexts: Contexts): Promise<void> {
  const file = contextsFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, `${JSON.stringify(contexts, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  await rename(fresh, file);
}

/** Under which a control plane's login is kept. */
export function loginKey(server: string): string {
  return URL.canParse(server) ? new URL(server).href.replace(/\/$/, "") : server;
}

/** Keeps it for this control plane; undefined: forgets what there is. */
export async function writeLogin(env: Env, server: string, login: Login | undefined): Promise<void> {
  const before = readContexts(env);
  const { [loginKey(server)]: _, ...others } = before.logins ?? {};
  await writeContexts(env, { ...before, logins: { ...others, ...(login && { [loginKey(server)]: login }) } });
}

/** The context of that name; throws with the names that there are. */
export function contextNamed({ contexts }: Contexts, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found) return found;
  const known = Object.keys(contexts).sort().join(", ");
  throw new CliError(
    `there is no context "${name}" (${known === "" ? "none is there" : `there are ${known}`}): weir context add NAME URL`,
  );
}
