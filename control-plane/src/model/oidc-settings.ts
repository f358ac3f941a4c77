import type { Role } from "./role.ts";

/** Signatures by keys that the issuer alone has; no "none", and none by a shared secret: whoever checks such a one could make it, too. */
export const oidcAlgorithms = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
] as const;

/** An OpenID provider, and what its tokens say of who may do what. */
export type OidcSettings = {
  /** As it stands in its tokens, to the letter: `https://sso.example/realms/prod`. */
  readonly issuer: string;
  /** Whom tokens must be meant for. */
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** How far the issuer's clock may be from this one's. */
  readonly clockToleranceMs: number;
  /** The claim with the name that the history shows. */
  readonly nameFrom: string;
  /** The claim with what `roles` are given by: a name, or names from the outer to the inner with dots between. */
  readonly rolesFrom: string;
  readonly roles: readonly OidcRole[];
  /** How people log in by command and page; undefined: they bring a token. */
  readonly login: OidcLogin | undefined;
};

/** What somebody may do in whose claim this value is. */
export type OidcRole = {
  readonly value: string;
  readonly role: Role;
  readonly services: readonly string[];
  readonly datacenters: readonly string[];
};

export type OidcLogin = {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Which of the two tokens that the issuer then gives is for this server. */
  readonly shows: "id-token" | "access-token";
};
