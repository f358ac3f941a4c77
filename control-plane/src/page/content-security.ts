/**
 * What a browser may do with the page: scripts, styles and answers from this server alone, nothing inline, no frames around it,
 * no forms that go elsewhere. Names and reasons that come from clients and documents can then not become code. `asks` is the one
 * other address that it gets answers from: where an OpenID provider gives it a token.
 */
export function pageHeaders(asks: string | undefined) {
  const elsewhere = asks !== undefined && URL.canParse(asks) ? ` ${new URL(asks).origin}` : "";
  return {
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      `connect-src 'self'${elsewhere}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
  } as const;
}
