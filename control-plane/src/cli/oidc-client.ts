import {
  allowInsecureRequests,
  type Configuration,
  discovery,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  ResponseBodyError,
  refreshTokenGrant,
  type TokenEndpointResponse,
  tokenRevocation,
} from "openid-client";
import { CliError } from "./cli-error.ts";
import type { Login } from "./contexts-file.ts";

/** How a control plane says that one logs in. */
export type LoginWay = Pick<Login, "issuer" | "clientId" | "shows"> & { readonly scopes: readonly string[] };

/** What somebody has to do, in a browser anywhere. */
export type Invitation = { readonly url: string; readonly code: string; readonly whole: string | undefined };

/**
 * Logs in by a code that one types, or just confirms, in a browser on any machine (RFC 8628). Rejects when that was refused or not
 * done in time.
 */
export async function logInByDevice(
  way: LoginWay,
  invite: (invitation: Invitation) => void,
  signal: AbortSignal,
): Promise<Login> {
  const provider = await providerOf(way);
  const { device_authorization_endpoint: endpoint, scopes_supported: supported = [] } = provider.serverMetadata();
  if (endpoint === undefined)
    throw new CliError(
      `${way.issuer} offers no logging in by a device code (RFC 8628): get a token there yourself, and show it with --token-file`,
    );
  // What renews a token without asking again; providers give it to whom they like.
  const whole = new Set([...way.scopes, ...(supported.includes("offline_access") ? ["offline_access"] : [])]);
  const begun = await begin(provider, [...whole]).catch((cause) => {
    if (cause instanceof ResponseBodyError && cause.error === "invalid_scope") return begin(provider, way.scopes);
    throw cause;
  });
  const { verification_uri: url, user_code: code, verification_uri_complete } = begun;
  invite({ url, code, whole: verification_uri_complete });
  return loginOf(way, await pollDeviceAuthorizationGrant(provider, begun, undefined, { signal }), undefined);
}

/** Rejects when the provider no longer renews it. */
export async function refreshedLogin(login: Login): Promise<Login> {
  const { refreshToken = "" } = login;
  return loginOf(login, await refreshTokenGrant(await providerOf(login), refreshToken), refreshToken);
}

/** Tells the provider that the refresh token is to count no more, where it can be told (RFC 7009). */
export async function revokedLogin(login: Login): Promise<void> {
  if (login.refreshToken === undefined) return;
  const provider = await providerOf(login);
  if (provider.serverMetadata().revocation_endpoint === undefined) return;
  await tokenRevocation(provider, login.refreshToken, { token_type_hint: "refresh_token" });
}

function begin(provider: Configuration, scopes: readonly string[]) {
  return initiateDeviceAuthorization(provider, { scope: scopes.join(" ") });
}

async function providerOf({ issuer, clientId }: Pick<Login, "issuer" | "clientId">): Promise<Configuration> {
  const url = new URL(issuer);
  const isHere = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(url.hostname);
  const options = url.protocol === "http:" && isHere ? { execute: [allowInsecureRequests] } : {};
  return discovery(url, clientId, undefined, None(), options);
}

/** `before` is the refresh token that this was got by: it goes on counting where no other comes. */
function loginOf(
  { issuer, clientId, shows }: Pick<Login, "issuer" | "clientId" | "shows">,
  tokens: TokenEndpointResponse,
  before: string | undefined,
): Login {
  const { access_token, id_token, refresh_token: refreshToken = before, expires_in } = tokens;
  const token = shows === "id-token" ? id_token : access_token;
  if (token === undefined)
    throw new CliError(`${issuer} gave no ID token: the scopes of admin.auth.oidc.login need openid`);
  const expires = expiryOf(token) ?? (expires_in === undefined ? undefined : new Date(Date.now() + expires_in * 1_000));
  return {
    ...{ issuer, clientId, shows, token },
    ...(refreshToken !== undefined && { refreshToken }),
    ...(expires && { expires: expires.toISOString() }),
  };
}

/** What a JWT says of itself; whether it is right is for the server to tell. */
function expiryOf(token: string): Date | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const exp = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : undefined;
    return typeof exp === "number" ? new Date(exp * 1_000) : undefined;
  } catch {
    return undefined;
  }
}
