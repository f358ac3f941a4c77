import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import type { OidcSettings } from "../../model/oidc-settings.ts";
import { grantOf } from "./claimed-roles.ts";
import { IssuerAway, type IssuerKeys } from "./issuer-keys.ts";
import type { Tokens, TokenVerdict } from "./tokens.ts";

type Refused = Extract<TokenVerdict, { kind: "refused" }>;

// RFC 9068 names access tokens so, RFC 7519 any; others (logout, introspection, events) say something else than who asks.
const types = ["jwt", "at+jwt", "application/at+jwt"];

/** Who somebody is by a JWT of the OpenID provider: signed by it, meant for this server, and in force. */
export function oidcTokens(
  settings: OidcSettings,
  { keys, now }: { readonly keys: Pick<IssuerKeys, "key">; readonly now: () => Date },
): Pick<Tokens, "whose"> {
  const { issuer, audience, clockToleranceMs } = settings;

  async function whose(token: string): Promise<TokenVerdict> {
    // First what can be told without a key: what others issued makes nobody ask the issuer.
    const unlike = unlikely(token, settings);
    if (unlike) return unlike;
    let claims: JWTPayload;
    try {
      const { payload } = await jwtVerify(token, keys.key, {
        ...{ issuer, audience, algorithms: [...settings.algorithms], requiredClaims: ["exp", "sub"] },
        ...{ clockTolerance: clockToleranceMs / 1000, currentDate: now() },
      });
      claims = payload;
    } catch (cause) {
      return whyNot(cause, settings);
    }
    return grantOf(claims, settings);
  }

  return { whose };
}

function unlikely(token: string, { issuer, algorithms }: OidcSettings): Refused | undefined {
  let header: ReturnType<typeof decodeProtectedHeader>;
  let claims: JWTPayload;
  try {
    header = decodeProtectedHeader(token);
    claims = decodeJwt(token);
  } catch {
    return refused("TOKEN_MALFORMED", "this is not a JSON Web Token");
  }
  const { alg, typ } = header;
  if (alg === undefined || !algorithms.includes(alg))
    return refused("TOKEN_ALGORITHM", `the token is to be signed by ${algorithms.join(" or ")}`);
  if (typ !== undefined && !types.includes(typ.toLowerCase()))
    return refused("TOKEN_TYPE", "the token's typ is none of JWT and at+jwt: this one is not for logging in");
  if (claims.iss !== issuer) return refused("TOKEN_ISSUER", `the token is not from ${issuer}`);
  // OpenID Connect Back-Channel Logout 1.0, 2.4: its tokens look like ID tokens, but for this.
  if ("events" in claims) return refused("TOKEN_TYPE", "the token tells of events and not of who asks");
  // RFC 7800: it is worth nothing without a key, of which nothing is asked here.
  if ("cnf" in claims)
    return refused("TOKEN_BOUND", "the token is bound to a key, which is not supported: ask for a bearer token");
  return undefined;
}

/** Without anything of the token in it: it may yet be good elsewhere. */
function whyNot(cause: unknown, { issuer, audience }: OidcSettings): Refused {
  if (cause instanceof IssuerAway)
    return {
      kind: "refused",
      code: 503,
      reason: "ISSUER_UNREACHABLE",
      says: `${cause.message}; try again, or use a token of weir token create`,
    };
  if (cause instanceof errors.JWTExpired)
    return refused("TOKEN_EXPIRED", `the token of ${issuer} expired: log in again`);
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.claim === "aud") return refused("TOKEN_AUDIENCE", `the token is for somebody else than "${audience}"`);
    if (cause.claim === "nbf") return refused("TOKEN_NOT_YET", "the token does not count yet: is a clock wrong?");
    return refused(
      "TOKEN_CLAIMS",
      `the token's claim ${cause.claim} is ${cause.reason === "missing" ? "missing" : "not as it must be"}`,
    );
  }
  if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)
    return refused("TOKEN_KEY", `the token is signed by a key that ${issuer} does not have, or does not name it`);
  if (cause instanceof errors.JWSSignatureVerificationFailed)
    return refused("TOKEN_SIGNATURE", "the token was not signed as it says, or was changed");
  if (cause instanceof errors.JOSEError || cause instanceof TypeError)
    return refused("TOKEN_MALFORMED", "the token cannot be checked");
  throw cause;
}

function refused(reason: string, says: string): Refused {
  return { kind: "refused", code: 401, reason, says };
}
