import { z } from "zod";
import { ejectionsNow, ejectionsShape } from "./ejection-shapes.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { serviceNamed } from "./service-named.ts";

/** Which endpoints clients ejected, and who is in panic, as far as clients can be asked. */
export function ejectionRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/ejections",
    {
      schema: {
        summary:
          "Endpoints that clients ejected or would, panic and open circuit breakers, now and in the last half hour",
        tags: ["clients"],
        querystring: z.strictObject({ service: z.string().optional() }),
        response: { 200: ejectionsShape },
      },
    },
    async ({ query: { service } }) =>
      ejectionsNow(parts, service === undefined ? undefined : serviceNamed(parts, service).spec.name),
  );
}
