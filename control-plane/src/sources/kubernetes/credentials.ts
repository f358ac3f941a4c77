import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { problemText } from "../../lib/parsed.ts";
import { type Content, type KubeconfigUser, parseKubeconfig } from "./kubeconfig.ts";

/** How a cluster is reached. */
export type ClusterAccess =
  | {
      readonly kind: "kubeconfig";
      readonly file: string /** Undefined: its current one. */;
      readonly context: string | undefined;
    }
  /** As the service account of the pod that Weir runs in: `folder` holds `token` and `ca.crt`. */
  | { readonly kind: "in-cluster"; readonly server: string; readonly folder: string };

/** What a request needs; PEM for certificates and keys. */
export type Credentials = {
  /** `https://10.0.0.1:6443`, perhaps with a path, without a slash at the end. */
  readonly server: string;
  readonly authorities: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly token: string | undefined;
  /** The name that the server's certificate must have, where it is not that of the URL. */
  readonly serverName: string | undefined;
  readonly verify: boolean;
};

/**
 * Reads what the access names. Called for each request: tokens of service accounts live an hour, and whoever renews
 * certificates or a kubeconfig should not have to restart Weir.
 */
export async function readCredentials(access: ClusterAccess): Promise<Credentials> {
  if (access.kind === "in-cluster") {
    const { server, folder } = access;
    const [token, authorities] = await Promise.all([readText(join(folder, "token")), readText(join(folder, "ca.crt"))]);
    const none = { certificate: undefined, key: undefined, serverName: undefined };
    return { server, authorities, token: token.trim(), ...none, verify: true };
  }
  const text = await readText(access.file);
  const found = parseKubeconfig(text, access);
  if (!found.ok) throw new Error(`${access.file}: ${found.problems.map(problemText).join("; ")}`);
  const { cluster, user } = found.value;
  const [authorities, certificate, key, token] = await Promise.all([
    contentOf(cluster.authorities),
    contentOf(user.certificate),
    contentOf(user.key),
    tokenOf(user),
  ]);
  const { server, serverName, verify } = cluster;
  return { server, serverName, verify, authorities, certificate, key, token };
}

async function tokenOf({ tokenFile, token }: KubeconfigUser): Promise<string | undefined> {
  // As kubectl has it: the file counts before the text.
  return tokenFile === undefined ? token : (await readText(tokenFile)).trim();
}

async function contentOf(content: Content | undefined): Promise<string | undefined> {
  if (content === undefined) return undefined;
  return content.kind === "text" ? content.text : readText(content.file);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
