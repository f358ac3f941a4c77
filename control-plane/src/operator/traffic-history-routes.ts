import { z } from "zod";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { serviceNamed } from "./service-named.ts";
import { time } from "./shapes.ts";
import {
  createTrafficHistory,
  type HistoryWindow,
  historyWindows,
  type PastMoment,
  type PastService,
} from "./traffic-history.ts";
import { trafficNow } from "./traffic-now.ts";

const layout = z.object({
  rows: z
    .array(
      z.object({
        from: z.string(),
        to: z.string(),
        use: z.enum(["share", "nearest", "standby", "unplanned"]),
        priority: z.number().int(),
        weightPercent: z.number().optional(),
      }),
    )
    .meta({ description: "As in GET /v1/traffic; of `nearest` a row for each region that it came to" }),
  places: z.array(z.string()).meta({ description: "Regions where endpoints stood" }),
});

const moment = z.object({
  at: time,
  revision: z.number().int(),
  layout: z.number().int().meta({ description: "Which of `layouts` its numbers belong to" }),
  rows: z
    .array(z.tuple([z.number().nullable(), z.number().nullable()]))
    .meta({ description: "Of each row requests per second, and percent of errors; null: no client reported" }),
  places: z
    .array(z.tuple([z.number(), z.number()]))
    .meta({ description: "Of each place how many endpoints served, and stood there" }),
});

/** What `GET /v1/traffic/history` answers. */
export const historyShape = z.object({
  service: z.string(),
  window: z.enum(["15m", "1h", "6h"]),
  everySeconds: z.number(),
  layouts: z.array(layout),
  moments: z.array(moment).meta({ description: "The oldest first" }),
});

const recordEveryMs = historyWindows["15m"];

/** What traffic was in the last hours, as this process saw it. */
export function trafficHistoryRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  const history = createTrafficHistory();
  const timer = setInterval(() => history.record(trafficNow(parts), Date.now()), recordEveryMs).unref();
  app.addHook("onClose", async () => clearInterval(timer));

  app.get(
    "/v1/traffic/history",
    {
      schema: {
        summary: "What a service's traffic was, moment by moment, as far back as this process saw it",
        tags: ["traffic"],
        querystring: z.strictObject({
          service: z.string(),
          window: z
            .enum(["15m", "1h", "6h"])
            .default("15m")
            .meta({ description: "How far back: a moment every 5 s, 20 s or 2 min" }),
        }),
        response: { 200: historyShape },
      },
    },
    async ({ query: { service, window } }) =>
      historyAnswer(service, window, history.of(serviceNamed(parts, service).spec.name, window)),
  );
}

export function historyAnswer(
  service: string,
  window: HistoryWindow,
  moments: readonly PastMoment[],
): z.output<typeof historyShape> {
  const layouts: PastService[] = [];
  return {
    ...{ service, window, everySeconds: historyWindows[window] / 1_000 },
    moments: moments.map(({ at, revision, service, values }) => {
      if (layouts.at(-1) !== service) layouts.push(service);
      const pairs = Array.from({ length: values.length / 2 }, (_, index) => [values[2 * index], values[2 * index + 1]]);
      const known = (value: number | undefined) =>
        value === undefined || Number.isNaN(value) ? null : Math.round(value * 100) / 100;
      return {
        ...{ at: new Date(at).toISOString(), revision, layout: layouts.length - 1 },
        rows: pairs.slice(0, service.rows.length).map(([rps, errors]) => [known(rps), known(errors)]),
        places: pairs.slice(service.rows.length).map(([serving = 0, total = 0]) => [serving, total]),
      };
    }),
    layouts: layouts.map(({ rows, places }) => ({ rows: [...rows], places: [...places] })),
  };
}
