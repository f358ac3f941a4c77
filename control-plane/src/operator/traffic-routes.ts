import { z } from "zod";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { serviceNamed } from "./service-named.ts";
import { trafficNow, trafficShape } from "./traffic-now.ts";

/** Where traffic is to go, as the operator wrote it, beside where it goes. */
export function trafficRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/traffic",
    {
      schema: {
        summary: "Rule by rule: weights, standbys and overrides, and what clients report of their requests",
        tags: ["traffic"],
        querystring: z.strictObject({ service: z.string().optional() }),
        response: { 200: trafficShape },
      },
    },
    async ({ query: { service } }) =>
      trafficNow(parts, service === undefined ? undefined : serviceNamed(parts, service)),
  );
}
