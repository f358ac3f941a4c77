import type { JWTPayload } from "jose";
import type { OidcSettings } from "../../model/oidc-settings.ts";
import { isAtLeast } from "../../model/role.ts";
import { valueAt } from "../../policy/documents/plain-json.ts";
import type { Principal } from "./principal.ts";
import type { TokenVerdict } from "./tokens.ts";

/** What the claims of a token that was checked make of somebody; who has none of the roles' values is let in to nothing. */
export function grantOf(claims: JWTPayload, { issuer, nameFrom, rolesFrom, roles }: OidcSettings): TokenVerdict {
  const name = claimAt(claims, nameFrom);
  const { sub = "" } = claims;
  if (typeof name !== "string" || !isPrintable(name) || !isPrintable(sub))
    return {
      ...{ kind: "refused", code: 401, reason: "TOKEN_CLAIMS" },
      says: `the token's claim ${nameFrom} (admin.auth.oidc.nameFrom) or sub holds no name of at most 200 characters on one line`,
    };
  if (nameFrom === "email" && claims["email_verified"] === false)
    return {
      ...{ kind: "refused", code: 401, reason: "TOKEN_CLAIMS" },
      says: "the token's email address is one that the issuer has not verified",
    };
  const has = textsOf(claimAt(claims, rolesFrom), rolesFrom);
  const given = roles.filter(({ value }) => has.includes(value));
  const highest = given.find(({ role }) => given.every((each) => isAtLeast(role, each.role)));
  if (!highest)
    return {
      ...{ kind: "refused", code: 403, reason: "NO_ROLE" },
      says: `${name} has no role here: nothing in the token's claim ${rolesFrom} is in admin.auth.oidc.roles`,
      metadata: { name, claim: rolesFrom },
    };
  const [first = highest, ...others] = given.filter(({ role }) => role === highest.role);
  const also = others.map(({ services, datacenters }) => ({ services, datacenters }));
  const principal: Principal = {
    ...{ name, role: first.role, knownBy: "oidc", subject: `${issuer} ${sub}` },
    ...{ services: first.services, datacenters: first.datacenters },
    ...(first.role === "shifter" && also.length > 0 && { also }),
  };
  return { kind: "known", principal };
}

/** Names of claims may have dots themselves, as URLs do: the whole name counts first. */
function claimAt(claims: JWTPayload, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : valueAt(claims, name.split("."));
}

function textsOf(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value)) return value.filter((each) => typeof each === "string");
  if (typeof value !== "string") return [];
  // RFC 8693, 4.2: a list with spaces between.
  return name === "scope" || name === "scp" ? value.split(" ") : [value];
}

function isPrintable(text: string): boolean {
  return text.length <= 200 && /^[^\p{Cc}]*\S[^\p{Cc}]*$/u.test(text);
}
