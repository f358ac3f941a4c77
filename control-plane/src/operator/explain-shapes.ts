import { z } from "zod";

const percent = z.number().meta({ description: "Of all such requests" });

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
      service: z.string(),
      cluster: z.string(),
      percent,
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
  unmatchedPercent: z.number().meta({ description: "Requests that no route takes" }),
});
