import { z } from "zod";
import { patternText } from "../model/locality.ts";
import type { OperatorApp, OperatorContext } from "./operator-app.ts";
import { serviceNamed } from "./service-named.ts";
import { time } from "./shapes.ts";
import { trafficRows } from "./traffic-rows.ts";

const row = z.object({
  service: z.string(),
  from: z.string(),
  to: z.string(),
  use: z.enum(["share", "nearest", "standby"]),
  priority: z.number().int(),
  weightPercent: z.number().optional(),
  endpoints: z.object({ serving: z.number().int(), total: z.number().int() }),
});

const override = z.object({
  service: z.string(),
  locality: z.string(),
  weight: z.number().meta({ description: "Percent of the weight it would otherwise have" }),
  reason: z.string(),
  by: z.string(),
  expireTime: time,
  expiresInSeconds: z.number(),
});

/** Where traffic is to go, as the operator wrote it. */
export function trafficRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/traffic",
    {
      schema: {
        summary: "What is configured: weights, standbys and overrides, rule by rule",
        tags: ["traffic"],
        querystring: z.strictObject({ service: z.string().optional() }),
        response: { 200: z.object({ revision: z.number().int(), rows: z.array(row), overrides: z.array(override) }) },
      },
    },
    async ({ query }) => {
      const world = parts.worlds.current();
      const services =
        query.service === undefined ? [...(world?.catalog.values() ?? [])] : [serviceNamed(parts, query.service)];
      return {
        revision: world?.revision ?? 0,
        rows: services.flatMap(({ spec, endpoints }) =>
          trafficRows(world?.splits.get(spec.name), endpoints).map(({ serving, total, weightPercent, ...rest }) => ({
            service: spec.name,
            ...rest,
            ...(weightPercent !== undefined && { weightPercent }),
            endpoints: { serving, total },
          })),
        ),
        overrides: services.flatMap(({ spec: { name } }) =>
          (world?.splits.get(name)?.overrides ?? []).map(({ locality, expireTime, ...rest }) => ({
            service: name,
            locality: patternText(locality),
            ...rest,
            expireTime: expireTime.toISOString(),
            expiresInSeconds: (expireTime.getTime() - Date.now()) / 1000,
          })),
        ),
      };
    },
  );
}
