import { z } from "zod";
import { problemText } from "../lib/parsed.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import type { SourceOverview } from "./parts.ts";
import { ageSeconds, secondsSince, time } from "./shapes.ts";

const shape = z.object({
  source: z.string(),
  kind: z.string(),
  state: z.enum(["waiting", "current", "stale", "suspect"]),
  since: time,
  ageSeconds,
  services: z.number().int(),
  endpoints: z.number().int(),
  held: z.number().int().meta({ description: "Endpoints that are held back of what it says: /v1/guard" }),
  cause: z.string().optional(),
  lagMs: z.number().optional().meta({
    description:
      "How much older than its arrival its last answer may be: the server that gave it had not heard from its leader",
  }),
  lastSeen: time.optional().meta({ description: "When it last answered" }),
  skipped: z.array(z.string()).meta({ description: "Entries that make no endpoint, and why" }),
});

/** What each source of endpoints knows, and since when. */
export function sourceRoutes(app: OperatorApp, { parts }: OperatorContext): void {
  app.get(
    "/v1/sources",
    {
      schema: {
        summary: "The sources of endpoints: current, stale, suspect or still waited for",
        tags: ["sources"],
        response: { 200: z.object({ sources: z.array(shape) }) },
      },
    },
    async () => ({ sources: parts.sources().map(sourceShape) }),
  );
}

/** A source as the API answers it. */
export function sourceShape({
  source,
  kind,
  state,
  since,
  lastSeen,
  services,
  endpoints,
  held = 0,
  cause,
  lagMs,
  skipped = [],
}: SourceOverview): z.output<typeof shape> {
  return {
    source,
    kind,
    state,
    since: since.toISOString(),
    ageSeconds: secondsSince(since),
    services,
    endpoints,
    held,
    ...(cause !== undefined && { cause }),
    ...(lagMs !== undefined && { lagMs }),
    ...(lastSeen && { lastSeen: lastSeen.toISOString() }),
    skipped: skipped.map(problemText),
  };
}
