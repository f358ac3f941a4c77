import type { Finding } from "../plan/analyze/finding.ts";

const most = 20;

/**
 * Findings as `Warning` headers, for answers whose body is a document: `299 weir "error WR0101 trafficSplits/report …"`, as
 * Kubernetes does it. Without those that are only worth knowing.
 */
export function warningHeaders(findings: readonly Finding[]): readonly string[] {
  const told = findings.filter(({ severity }) => severity !== "info").slice(0, most);
  return told.map(({ severity, code, document, at, says, help }) => {
    const text = `${severity} ${code} ${document.kind}/${document.name} ${at}: ${says} (${help})`;
    // A header holds visible ASCII; quotes and backslashes stand behind a backslash (RFC 9110, quoted-string).
    return `299 weir "${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
  });
}
