import { ask, keepToken } from "./weir-api.ts";

/** How the server says that one logs in; of `GET /v1/login`. */
export type LoginWay = {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly shows: "id-token" | "access-token";
  readonly endpoints?: { readonly authorization: string; readonly token: string };
};

/** What a browser's tab keeps while its owner is at the provider. */
type Begun = { readonly state: string; readonly verifier: string; readonly way: LoginWay; readonly hash: string };

const begunKey = "weir.login";
let isAsked = false;
let way: LoginWay | undefined;
let failure: string | undefined;

/** Undefined while it is not known, and where one brings a token. */
export function loginWay(): LoginWay | undefined {
  if (!isAsked) {
    isAsked = true;
    void ask<{ readonly oidc?: LoginWay }>("/v1/login").then(
      ({ oidc }) => {
        way = oidc;
      },
      () => {
        isAsked = false;
      },
    );
  }
  return way;
}

/** Sends the browser to the provider, which sends it back with a code that is worth nothing without what this tab keeps (RFC 7636). */
export async function beginLogin(way: LoginWay): Promise<void> {
  const begun: Begun = { state: random(), verifier: random(), way, hash: location.hash };
  sessionStorage.setItem(begunKey, JSON.stringify(begun));
  location.assign(await authorizationUrl(begun, `${location.origin}/`));
}

/** Why the login that the provider sent back did not end well. */
export function loginFailure(): string | undefined {
  return failure;
}

/** Takes up a login that the provider sent back, if it did. */
export async function endLogin(): Promise<void> {
  const answer = new URLSearchParams(location.search);
  const text = sessionStorage.getItem(begunKey);
  if (text === null || !(answer.has("code") || answer.has("error"))) return;
  sessionStorage.removeItem(begunKey);
  const begun = JSON.parse(text) as Begun;
  // The code counts once; it is to stand in no history and no bookmark.
  history.replaceState(null, "", `/${begun.hash}`);
  try {
    keepToken(await tokenFor(begun, answer, `${location.origin}/`));
  } catch (cause) {
    failure = cause instanceof Error ? cause.message : String(cause);
  }
}

/** OpenID Connect Core 1.0, 3.1.2.1. */
export async function authorizationUrl(
  { state, verifier, way: { endpoints, clientId, scopes } }: Pick<Begun, "state" | "verifier" | "way">,
  redirectTo: string,
): Promise<string> {
  const url = new URL(endpoints?.authorization ?? "");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const parameters = {
    ...{ response_type: "code", client_id: clientId, redirect_uri: redirectTo, scope: scopes.join(" "), state },
    ...{ code_challenge: encoded(new Uint8Array(digest)), code_challenge_method: "S256" },
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Changes the code that the provider sent for a token; throws with why not. */
export async function tokenFor(
  { state, verifier, way }: Pick<Begun, "state" | "verifier" | "way">,
  answer: URLSearchParams,
  redirectTo: string,
): Promise<string> {
  // A link of somebody else would log in as somebody else (RFC 9700, 4.7), or come from another provider (RFC 9207).
  if (answer.get("state") !== state) throw new Error("The answer is not to what this tab asked: log in again.");
  if ((answer.get("iss") ?? way.issuer) !== way.issuer) throw new Error(`The answer is not from ${way.issuer}.`);
  const code = answer.get("code");
  if (code === null)
    throw new Error(`${way.issuer} says no: ${answer.get("error_description") ?? answer.get("error") ?? ""}`);
  const body = new URLSearchParams({
    ...{ grant_type: "authorization_code", code, redirect_uri: redirectTo, client_id: way.clientId },
    code_verifier: verifier,
  });
  const response = await fetch(way.endpoints?.token ?? "", { method: "POST", body, credentials: "omit" }).catch(() => {
    throw new Error(`${way.issuer} does not let this page ask for a token: it has to allow the origin of this page.`);
  });
  const tokens = (await response.json()) as { readonly [name: string]: unknown };
  const token = tokens[way.shows === "id-token" ? "id_token" : "access_token"];
  if (typeof token === "string") return token;
  throw new Error(`${way.issuer} gave no token: ${String(tokens["error_description"] ?? tokens["error"] ?? "")}`);
}

/** 256 random bits. */
function random(): string {
  return encoded(crypto.getRandomValues(new Uint8Array(32)));
}

function encoded(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
