import { z } from "zod";
import { countBySeverity, type DocumentRef, isAtLeast } from "../plan/analyze/finding.ts";
import { documentKinds } from "../policy/documents/document-schemas.ts";
import { findingOf, findingShape, severity } from "./finding-shape.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

const findings = z.object({
  revision: z.number().int(),
  counts: z.object({ error: z.number().int(), warning: z.number().int(), info: z.number().int() }),
  findings: z.array(findingShape),
});

/** What the documents in force get wrong, with the endpoints, clients and loads that there are. */
export function analyzeRoutes(app: OperatorApp, { parts: { planning, worlds, policies } }: OperatorContext): void {
  const fileOf = ({ kind, name }: DocumentRef) => {
    const known = documentKinds.find((each) => each === kind);
    const origin = known && policies.get(known, name)?.origin;
    return origin?.kind === "file" ? { file: origin.path } : {};
  };

  app.get(
    "/v1/findings",
    {
      schema: {
        summary: "What valid documents get wrong, worst first: with endpoints, connected clients and observed loads",
        tags: ["config"],
        querystring: z.strictObject({
          severity: severity.optional().meta({ description: "Only those as bad as this, or worse" }),
        }),
        response: { 200: findings },
      },
    },
    async ({ query: { severity: least = "info" } }) => {
      const all = (await planning.findings()).filter((each) => isAtLeast(each.severity, least));
      return {
        revision: worlds.current()?.revision ?? 0,
        counts: countBySeverity(all),
        findings: all.map((each) => ({ ...findingOf(each), ...fileOf(each.document) })),
      };
    },
  );
}
