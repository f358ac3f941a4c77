/** What logins have to tell. No note ever has a token, nor a part of one. */
export type AuthNote =
  | { readonly kind: "tokens-read"; readonly file: string; readonly count: number }
  /** The tokens file is wrong or gone; what it said before still counts. */
  | { readonly kind: "tokens-refused"; readonly file: string; readonly says: string }
  /** The OpenID provider does not answer: only what keys are known already can show is taken. */
  | { readonly kind: "issuer-away"; readonly issuer: string; readonly says: string }
  | { readonly kind: "issuer-keys-read"; readonly issuer: string; readonly count: number }
  /** Nobody is asked who they are: the API is for this machine only. */
  | { readonly kind: "operator-open"; readonly address: string }
  /** `name` is empty for who did not say, or not rightly, who they are. */
  | {
      readonly kind: "operator-denied";
      readonly name: string;
      readonly method: string;
      readonly route: string;
      readonly reason: string;
    };
