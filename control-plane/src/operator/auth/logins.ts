import type { OidcLogin } from "../../model/oidc-settings.ts";
import type { Tokens } from "./tokens.ts";

/** How people get a token of the OpenID provider. */
export type LoginWay = OidcLogin & {
  readonly issuer: string;
  /** Where browsers are sent, and what they ask then; undefined while the provider cannot be reached. */
  readonly endpoints: { readonly authorization: string; readonly token: string } | undefined;
};

/** The OpenID provider's part of `Tokens`, and how one logs in by it; undefined: by a token that one has. */
export type OidcTokens = Pick<Tokens, "whose"> & { readonly login: (() => Promise<LoginWay>) | undefined };

/** The tokens file, the OpenID provider or both, told apart by what a token looks like; undefined: nobody is asked. */
export function logins({
  tokens,
  oidc,
}: {
  readonly tokens: Tokens | undefined;
  readonly oidc: OidcTokens | undefined;
}): Tokens | undefined {
  if (!oidc) return tokens;
  return {
    async whose(token) {
      if (isJwtShaped(token)) return oidc.whose(token);
      return tokens ? tokens.whose(token) : { kind: "unknown" };
    },
    ofCertificate: async (names) => (tokens ? tokens.ofCertificate(names) : { kind: "unknown" }),
  };
}

/** Three parts of base64url with dots between: never one of our own tokens, which have no dot. */
function isJwtShaped(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}
