import type { OidcSettings } from "../../model/oidc-settings.ts";
import type { AuthNote } from "./auth-note.ts";
import { createIssuerKeys } from "./issuer-keys.ts";
import type { OidcTokens } from "./logins.ts";
import { oidcTokens } from "./oidc.ts";

/** Lets in who has a token of an OpenID provider. Asks for its keys now, and needs no answer to start. */
export function openOidc(
  settings: OidcSettings,
  {
    observe,
    now,
    monotonicMs,
  }: { readonly observe: (note: AuthNote) => void; readonly now: () => Date; readonly monotonicMs: () => number },
  pace: Parameters<typeof createIssuerKeys>[2] = {},
): OidcTokens {
  const keys = createIssuerKeys(settings, { observe, monotonicMs }, pace);
  const { issuer, login } = settings;
  const metadata = () => keys.metadata().catch(() => undefined);
  void metadata();
  return {
    ...oidcTokens(settings, { keys, now }),
    login:
      login &&
      (async () => {
        const { authorization_endpoint: authorization, token_endpoint: token } = (await metadata()) ?? {};
        return { ...login, issuer, endpoints: authorization && token ? { authorization, token } : undefined };
      }),
  };
}
