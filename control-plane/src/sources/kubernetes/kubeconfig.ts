import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { type Parsed, type Problem, parsed, refused } from "../../lib/parsed.ts";

/** PEM, or the file that has it. */
export type Content =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly file: string };

export type KubeconfigCluster = {
  readonly server: string;
  readonly authorities: Content | undefined;
  readonly serverName: string | undefined;
  readonly verify: boolean;
};
export type KubeconfigUser = {
  readonly certificate: Content | undefined;
  readonly key: Content | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
};
export type KubeconfigContext = { readonly cluster: KubeconfigCluster; readonly user: KubeconfigUser };

const text = z.string().min(1).optional();
const base64 = z.base64().optional();
const clusterSchema = z.looseObject({
  server: z.url({ protocol: /^https?$/ }),
  "certificate-authority": text,
  "certificate-authority-data": base64,
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": text,
});
const userSchema = z.looseObject({
  token: text,
  tokenFile: text,
  "client-certificate": text,
  "client-certificate-data": base64,
  "client-key": text,
  "client-key-data": base64,
});
const contextSchema = z.looseObject({ cluster: z.string(), user: z.string().optional() });
const named = z.looseObject({ name: z.string() });
const fileSchema = z.looseObject({
  "current-context": z.string().nullish(),
  contexts: z.array(named).nullish(),
  clusters: z.array(named).nullish(),
  users: z.array(named).nullish(),
});

/** What kubectl would do with these is not done here; silence would look like a wrong token. */
const unsupported = {
  cluster: ["proxy-url"],
  user: ["exec", "auth-provider", "username", "password", "as", "as-groups", "as-uid", "as-user-extra"],
} as const;
const unsupportedSays =
  "is not supported: give the context a user with a token, a tokenFile, or a client certificate, such as that of a service account";

/**
 * The cluster and the user of a context of a kubeconfig (kubernetes.io/docs/reference/config-api/kubeconfig.v1). Relative
 * paths in it are relative to it.
 */
export function parseKubeconfig(
  content: string,
  { file, context: wanted }: { readonly file: string; readonly context: string | undefined },
): Parsed<KubeconfigContext> {
  const config = fileSchema.safeParse(yamlOf(content));
  if (!config.success) return { ok: false, problems: problemsOf(config.error, "") };
  const name = wanted ?? config.data["current-context"] ?? "";
  if (name === "")
    return refused({ at: "current-context", says: "is not set: name a context in Weir's configuration" });

  const problems: Problem[] = [];
  const find = <T>(list: "contexts" | "clusters" | "users", name: string, schema: z.ZodType<T>): T | undefined => {
    const part = { contexts: "context", clusters: "cluster", users: "user" }[list];
    const entry = config.data[list]?.find((each) => each.name === name);
    const at = `${list}[${name}].${part}`;
    if (!entry) {
      const names = config.data[list]?.map((each) => each.name).join(", ") || "none";
      problems.push({ at: list, says: `has no "${name}": expected ${names}` });
      return undefined;
    }
    const value = schema.safeParse(entry[part]);
    if (!value.success) problems.push(...problemsOf(value.error, at));
    const keys = part === "context" ? [] : unsupported[part === "cluster" ? "cluster" : "user"];
    for (const key of keys)
      if (value.success && Object.hasOwn(value.data as object, key))
        problems.push({ at: `${at}.${key}`, says: part === "cluster" ? "is not supported" : unsupportedSays });
    return value.success ? value.data : undefined;
  };
  const context = find("contexts", name, contextSchema);
  const cluster = context && find("clusters", context.cluster, clusterSchema);
  const user = context?.user === undefined ? {} : find("users", context.user, userSchema);
  if (!cluster || !user || problems.length > 0) return { ok: false, problems };

  const folder = dirname(file);
  const pem = (at: string | undefined, data: string | undefined): Content | undefined => {
    if (data !== undefined) return { kind: "text", text: Buffer.from(data, "base64").toString() };
    return at === undefined ? undefined : { kind: "file", file: resolve(folder, at) };
  };
  return parsed({
    cluster: {
      server: cluster.server.replace(/\/+$/, ""),
      authorities: pem(cluster["certificate-authority"], cluster["certificate-authority-data"]),
      serverName: cluster["tls-server-name"],
      verify: cluster["insecure-skip-tls-verify"] !== true,
    },
    user: {
      certificate: pem(user["client-certificate"], user["client-certificate-data"]),
      key: pem(user["client-key"], user["client-key-data"]),
      token: user.token,
      tokenFile: user.tokenFile === undefined ? undefined : resolve(folder, user.tokenFile),
    },
  });
}

function yamlOf(content: string): unknown {
  try {
    return parse(content);
  } catch {
    return undefined;
  }
}

function problemsOf(error: z.ZodError, under: string): readonly Problem[] {
  return error.issues.map(({ path, message }) => ({
    at: [under, path.join(".")].filter((part) => part !== "").join("."),
    says: path.length === 0 && under === "" ? "is no kubeconfig (YAML with clusters, contexts and users)" : message,
  }));
}
