import { z } from "zod";
import type { EjectionHappening, Ejections, Lane, ServiceTrouble } from "../running/ejections.ts";
import type { ClientView } from "../serve/clients.ts";
import type { OperatorParts } from "./parts.ts";
import { ageSeconds, secondsSince, time } from "./shapes.ts";

const count = z.number().int();
const nodeIds = z.array(z.string()).meta({ description: "Of these clients at most 20" });

const endpoint = z.object({
  service: z.string(),
  address: z.string(),
  locality: z.string(),
  state: z.enum(["enforced", "suppressed"]).meta({
    description: "suppressed: it fails, and clients may eject no more (maxEjectionPercent); concluded from its errors",
  }),
  clients: count.meta({ description: "How many say so" }),
  of: count.meta({ description: "Of so many that see it and can be asked" }),
  since: time,
  sinceSeconds: ageSeconds,
  flags: z.array(z.string()).meta({ description: "failed_outlier_check, failed_active_health_check …" }),
  successRate: z.number().optional(),
  nodeIds,
});

const trouble = z.object({
  service: z.string(),
  what: z.string().meta({ description: "panic, or the circuit breaker: default.rq_open" }),
  clients: count,
  of: count,
  since: time,
  sinceSeconds: ageSeconds,
  nodeIds,
});

const lane = z.object({
  service: z.string(),
  address: z.string().optional().meta({ description: "Missing: the panic of the service" }),
  locality: z.string(),
  segments: z.array(
    z.object({
      from: time,
      to: time.optional().meta({ description: "Missing: it goes on" }),
      state: z.enum(["enforced", "suppressed", "panic"]),
      clients: count,
      of: count,
    }),
  ),
});

const happening = z.object({
  what: z.enum(["ejection", "panic", "breaker"]),
  change: z.enum(["began", "ended"]),
  at: time,
  service: z.string(),
  address: z.string().optional(),
  locality: z.string().optional(),
  state: z.enum(["enforced", "suppressed"]).optional(),
  breaker: z.string().optional(),
  clients: count,
  of: count,
  lastedSeconds: z.number().optional(),
  isUnknown: z.boolean().optional().meta({
    description: "It ended as nobody that had it can be asked any more",
  }),
});

/** What `GET /v1/ejections` answers. */
export const ejectionsShape = z.object({
  at: time,
  asked: z
    .object({
      isOn: z.boolean().meta({ description: "False: clients.admin.allow names nobody" }),
      intervalSeconds: z.number(),
      seen: count,
      silent: count.meta({ description: "Seen, and of a kind that does not tell of ejections: gRPC clients" }),
      of: count.meta({ description: "Connected clients" }),
      unseen: z
        .array(z.object({ nodeId: z.string(), why: z.string(), lastSeenSeconds: ageSeconds.optional() }))
        .meta({ description: "Who cannot be asked, at most 20, and why" }),
    })
    .meta({ description: "What the rest stands on: who cannot be asked counts in none of it" }),
  endpoints: z.array(endpoint),
  panics: z.array(trouble),
  breakers: z.array(trouble),
  lanes: z.array(lane).meta({ description: "The last half hour, endpoint by endpoint" }),
  events: z.array(happening).meta({ description: "What began and ended, the newest first" }),
});

const mostUnseen = 20;
const mostEvents = 50;

/** What clients tell of the endpoints of one service, or of all. */
export function ejectionsNow(
  { running, clients, now }: Pick<OperatorParts, "running" | "clients" | "now">,
  only?: string,
): z.output<typeof ejectionsShape> {
  const { endpoints, panics, breakers, lanes, happenings }: Ejections = running.ejections();
  const wanted = <T extends { readonly service: string }>(all: readonly T[]) =>
    all.filter(({ service }) => only === undefined || service === only);
  return {
    at: now().toISOString(),
    asked: askedOf(running, clients.list()),
    endpoints: wanted(endpoints).map(({ since, flags, nodeIds, successRate, ...rest }) => ({
      ...rest,
      ...{ since: since.toISOString(), sinceSeconds: secondsSince(since), flags: [...flags], nodeIds: [...nodeIds] },
      ...(successRate !== undefined && { successRate }),
    })),
    panics: wanted(panics).map(troubleOf),
    breakers: wanted(breakers).map(troubleOf),
    lanes: wanted(lanes).map(laneOf),
    events: wanted(happenings).toReversed().slice(0, mostEvents).map(happeningOf),
  };
}

/** Who was asked, and who could not be. */
function askedOf(
  running: OperatorParts["running"],
  clients: readonly ClientView[],
): z.output<typeof ejectionsShape>["asked"] {
  const states = clients.map((client) => ({ client, state: running.client(client) }));
  const seen = states.filter(({ state }) => state.kind === "seen");
  const unseen = states.flatMap(({ client: { nodeId }, state }) => {
    if (state.kind === "seen" || state.kind === "waiting") return [];
    const last = state.kind === "unseen" ? state.look?.at : undefined;
    return [{ nodeId, why: state.why, ...(last && { lastSeenSeconds: secondsSince(last) }) }];
  });
  return {
    isOn: running.isOn,
    intervalSeconds: running.intervalMs / 1000,
    seen: seen.length,
    silent: seen.filter(({ client }) => client.kind === "grpc").length,
    of: clients.length,
    unseen: unseen.slice(0, mostUnseen),
  };
}

function troubleOf({ since, nodeIds, ...rest }: ServiceTrouble): z.output<typeof trouble> {
  return { ...rest, since: since.toISOString(), sinceSeconds: secondsSince(since), nodeIds: [...nodeIds] };
}

function laneOf({ service, address, locality, segments }: Lane): z.output<typeof lane> {
  return {
    ...{ service, locality },
    ...(address !== undefined && { address }),
    segments: segments.map(({ from, to, ...rest }) => ({
      ...{ from: from.toISOString(), ...rest },
      ...(to && { to: to.toISOString() }),
    })),
  };
}

/** As it is told: with times as text. */
export function happeningOf({ at, lastedMs, ...rest }: EjectionHappening): z.output<typeof happening> {
  return { ...rest, at: at.toISOString(), ...(lastedMs !== undefined && { lastedSeconds: lastedMs / 1000 }) };
}
