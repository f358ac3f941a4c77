import { z } from "zod";
import { localityText } from "../model/locality.ts";
import type { Explanation, TakenBy } from "../plan/predict/explanation.ts";
import type { Prediction } from "../plan/predict/prediction.ts";

const percent = z.number().meta({ description: "Of the requests of this destination" });

const prediction = z.object({
  failedPercent: z.number().meta({
    description: "First tries that no endpoint is found for or that go to one that fails",
  }),
  priorities: z.array(
    z.object({
      priority: z.number().int(),
      percent,
      panic: z.boolean().meta({ description: "Endpoints are used whatever their health" }),
    }),
  ),
  localities: z.array(z.object({ locality: z.string(), priority: z.number().int(), percent })),
  endpoints: z.array(z.object({ address: z.string(), locality: z.string(), priority: z.number().int(), percent })),
});

const rule = {
  route: z
    .string()
    .optional()
    .meta({ description: "The Route that takes them; missing: they go where the service says" }),
  rule: z.string().optional().meta({ description: "Its rule, by name or number" }),
};

export const explanation = z.object({
  revision: z.number().int(),
  client: z.object({
    nodeId: z.string().optional(),
    kind: z.enum(["edge", "sidecar", "grpc"]),
    from: z.string(),
  }),
  host: z.string(),
  path: z.string(),
  destinations: z.array(
    z.object({
      ...rule,
      service: z.string(),
      subset: z.string().optional(),
      cluster: z.string(),
      percent: z.number().meta({ description: "Of all such requests" }),
      abortedPercent: z.number().meta({
        description: "Of this destination's, what a fault ends before they get there; predictions are of the others",
      }),
      notes: z.array(z.string()),
      now: prediction,
      ifs: z.array(
        z.object({
          if: z.string(),
          affected: z.number().int().meta({ description: "How many endpoints it happens to" }),
          prediction,
        }),
      ),
    }),
  ),
  mirrors: z.array(z.object({ ...rule, cluster: z.string(), percent: z.number() })).meta({
    description: "Where copies of so many percent of all such requests go",
  }),
  unmatchedPercent: z.number().meta({ description: "Requests that no route takes" }),
  refusedPercent: z.number().meta({ description: "Requests of rules whose services the client cannot call" }),
});

type Shape = z.output<typeof explanation>;

/** What `explain` says, in percent. */
export function explanationShape({
  destinations,
  mirrors,
  unmatched,
  refused,
}: Explanation): Pick<Shape, "destinations" | "mirrors" | "unmatchedPercent" | "refusedPercent"> {
  return {
    destinations: destinations.map(({ by, service, subset, cluster, share, aborted, notes, now, ifs }) => ({
      ...ruleShape(by),
      service,
      ...(subset !== undefined && { subset }),
      cluster,
      percent: percentOf(share),
      abortedPercent: percentOf(aborted),
      notes: [...notes],
      now: predictionShape(now),
      ifs: ifs.map(({ says, affected, prediction: then }) => ({
        if: says,
        affected,
        prediction: predictionShape(then),
      })),
    })),
    mirrors: mirrors.map(({ by, cluster, share }) => ({ ...ruleShape(by), cluster, percent: percentOf(share) })),
    unmatchedPercent: percentOf(unmatched),
    refusedPercent: percentOf(refused),
  };
}

function ruleShape(by: TakenBy | undefined) {
  return by ? { route: by.route, rule: by.rule } : {};
}

function predictionShape({ priorities, localities, endpoints, failed }: Prediction): z.output<typeof prediction> {
  return {
    failedPercent: percentOf(failed),
    priorities: priorities.map(({ priority, load, panic }) => ({ priority, percent: percentOf(load), panic })),
    localities: localities.map(({ locality, priority, share }) => ({
      locality: localityText(locality),
      priority,
      percent: percentOf(share),
    })),
    endpoints: endpoints.map(({ address, locality, priority, share }) => ({
      address,
      locality: localityText(locality),
      priority,
      percent: percentOf(share),
    })),
  };
}

/** What is further behind the point comes of adding fractions. */
function percentOf(share: number): number {
  return Math.round(share * 1e8) / 1e6;
}
