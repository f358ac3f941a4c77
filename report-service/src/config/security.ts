import { flagGroup } from "./flag-group.ts";

/** Whose word on its tenant is taken. */
export type Callers =
  | { readonly kind: "loopback" }
  | { readonly kind: "anyone" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "certificate" };

/** Files in PEM. */
export type TlsFiles = { readonly cert: string; readonly key: string; readonly clientCa: string | undefined };

/** Who may call, and what nobody else may read. */
export type Security = {
  readonly callers: Callers;
  /** Undefined: plaintext. */
  readonly tls: TlsFiles | undefined;
  readonly keys: string | undefined;
  readonly encrypt: "sensitive" | "all";
};

export const security = flagGroup(
  [
    {
      name: "callers",
      default: "loopback",
      value: "WHOM",
      help: "whose word on its tenant is taken: loopback, anyone, header:NAME as a proxy in front writes it, or certificate",
    },
    {
      name: "tls-cert",
      value: "PATH",
      help: "the server's certificates in PEM, to serve TLS; plaintext where not given",
    },
    { name: "tls-key", value: "PATH", help: "their key in PEM" },
    {
      name: "tls-client-ca",
      value: "PATH",
      help: "the authorities of clients' certificates, which every client then needs",
    },
    {
      name: "keys",
      value: "PATH",
      help: "the keys that encrypt what is stored, the newest first; made in --data where not given",
    },
    {
      name: "encrypt",
      default: "sensitive",
      value: "WHICH",
      help: "what to encrypt: sensitive, the parameters that their kind marks so, or all, with artifacts and uploads on disk",
    },
  ],
  (flags): Security => {
    const callers = callersOf(flags.get("callers") ?? "");
    if (!callers)
      flags.say("callers", `must be loopback, anyone, header:NAME or certificate, not "${flags.get("callers")}"`);
    const [cert, key, clientCa] = [flags.get("tls-cert"), flags.get("tls-key"), flags.get("tls-client-ca")];
    if ((cert === undefined) !== (key === undefined)) flags.say("tls-cert", "needs --tls-key, and --tls-key needs it");
    if (clientCa !== undefined && cert === undefined) flags.say("tls-client-ca", "needs --tls-cert and --tls-key");
    if (callers?.kind === "certificate" && clientCa === undefined)
      flags.say("callers", "certificate needs --tls-client-ca");
    return {
      callers: callers ?? { kind: "loopback" },
      tls: cert !== undefined && key !== undefined ? { cert, key, clientCa } : undefined,
      keys: flags.get("keys"),
      encrypt: flags.oneOf("encrypt", ["sensitive", "all"]),
    };
  },
);

function callersOf(text: string): Callers | undefined {
  if (text === "loopback" || text === "anyone" || text === "certificate") return { kind: text };
  const [, name] = /^header:([a-z0-9-]+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { kind: "header", name };
}
