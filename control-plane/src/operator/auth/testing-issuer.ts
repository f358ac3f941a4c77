/// <reference path="./oidc-provider.d.ts" />
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

/** A real OpenID provider on loopback. */
export type TestIssuer = AsyncDisposable & {
  readonly issuer: string;
  /** How often somebody asked for its keys. */
  keysAsked(): number;
  /** From now on it signs by other keys; those it had are not among them unless told. */
  rotate(options?: { readonly keepOld: boolean }): Promise<void>;
  /** Nothing listens until it is opened again. */
  close(): Promise<void>;
  open(): Promise<void>;
  /** A JWT for a program: client credentials with a resource indicator (RFC 8707, 9068). `client` is one of `programs`. */
  tokenOf(client: string, options?: { readonly audience?: string; readonly alg?: "RS256" | "ES256" }): Promise<string>;
};

type Claims = Readonly<Record<string, unknown>>;

/**
 * Starts one: `programs` are clients and what is claimed of them, `people` log in with any password under these names, for the
 * public clients `weir-cli` (device flow, refresh tokens) and `weir-page` (PKCE from `redirectTo`).
 */
export async function startTestIssuer({
  programs,
  people = {},
  redirectTo = "http://127.0.0.1/",
}: {
  readonly programs: Readonly<Record<string, Claims>>;
  readonly people?: Readonly<Record<string, Claims>>;
  readonly redirectTo?: string;
}): Promise<TestIssuer> {
  let answer: RequestListener = (_, response) => response.end();
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url === "/jwks") asked += 1;
    answer(request, response);
  });
  async function listen(port: number): Promise<void> {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  }
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  let keys = await newKeys();
  const begin = () => {
    answer = new Provider(issuer, configurationOf(keys, { programs, people, redirectTo })).callback();
  };
  begin();
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    issuer,
    keysAsked: () => asked,
    async rotate({ keepOld = false } = { keepOld: false }) {
      const fresh = await newKeys();
      keys = keepOld ? [...fresh, ...keys] : fresh;
      begin();
    },
    close,
    open: () => listen(port),
    async tokenOf(client, { audience = "weir", alg = "RS256" } = {}) {
      const response = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${client}:secret`)}` },
        body: new URLSearchParams({ grant_type: "client_credentials", resource: `urn:${audience}:${alg}` }),
      });
      const { access_token } = (await response.json()) as { readonly access_token?: string };
      if (access_token === undefined) throw new Error(`the provider gave no token: ${response.status}`);
      return access_token;
    },
    [Symbol.asyncDispose]: close,
  };
}

let rsa: Promise<Claims> | undefined;

/** RSA keys take a second to make: all issuers of a process have the same, under other names. */
async function newKeys(): Promise<readonly Claims[]> {
  rsa ??= newKey("RS256");
  const keys = await Promise.all([rsa, newKey("ES256")]);
  return keys.map((key) => ({ ...key, use: "sig", kid: crypto.randomUUID() }));
}

async function newKey(alg: string): Promise<Claims> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg };
}

function configurationOf(
  keys: readonly Claims[],
  {
    programs,
    people,
    redirectTo,
  }: {
    readonly programs: Readonly<Record<string, Claims>>;
    readonly people: Readonly<Record<string, Claims>>;
    readonly redirectTo: string;
  },
) {
  const open = { token_endpoint_auth_method: "none", application_type: "native" };
  const device = "urn:ietf:params:oauth:grant-type:device_code";
  return {
    jwks: { keys },
    cookies: { keys: ["of a test"] },
    clients: [
      ...Object.keys(programs).map((client_id) => ({
        ...{ client_id, client_secret: "secret", grant_types: ["client_credentials"] },
        ...{ redirect_uris: [], response_types: [] },
      })),
      {
        ...{ client_id: "weir-cli", ...open, grant_types: [device, "refresh_token"] },
        ...{ redirect_uris: [], response_types: [] },
      },
      { client_id: "weir-page", ...open, redirect_uris: [redirectTo], grant_types: ["authorization_code"] },
    ],
    claims: { openid: ["sub", "groups", "email"] },
    // ID tokens have the claims themselves, as those of other providers do.
    conformIdTokenClaims: false,
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...people[accountId] }),
    }),
    extraTokenClaims: (_: unknown, { clientId }: { readonly clientId: string }) => programs[clientId],
    clientBasedCORS: () => true,
    ttl: { ClientCredentials: 3_600, IdToken: 600 },
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        // `urn:weir:RS256`
        getResourceServerInfo: (_: unknown, resource: string) => {
          const [, audience, alg] = resource.split(":");
          return { scope: "", audience, accessTokenFormat: "jwt", jwt: { sign: { alg } } };
        },
      },
    },
  };
}
