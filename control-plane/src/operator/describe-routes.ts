import { z } from "zod";
import { missingDocument } from "./change-outcome.ts";
import { collectionNames, collections } from "./collections.ts";
import { describe } from "./describe.ts";
import { description } from "./describe-shapes.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

/** What holds for a document, on which clients, and who has it. */
export function describeRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  for (const collection of collectionNames) {
    const kind = collections[collection];
    app.get(
      `/v1/${collection}/:name/description`,
      {
        schema: {
          summary: `What holds for a ${kind} and whence, which clients do what of it, and who has it`,
          tags: [collection],
          params: z.object({ name: z.string() }),
          querystring: z.strictObject({
            fields: z.enum(["notable", "all"]).optional().meta({
              description:
                "notable, unless told: what it says, and the defaults that some kind of client does not obey",
            }),
          }),
          response: { 200: description },
        },
      },
      async ({ params: { name }, query: { fields = "notable" } }) => {
        const stored = parts.policies.get(kind, name);
        if (!stored) throw missingDocument(parts.policies, kind, name);
        return describe(parts, stored, fields === "all" ? "all" : "differing");
      },
    );
  }
}
