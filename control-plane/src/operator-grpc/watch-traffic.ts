import { type WatchTrafficResponse, WatchTrafficResponseSchema } from "@weir/proto/weir/operator/v1/traffic_pb.ts";
import { messageOf } from "./answering.ts";
import type { FollowRoute } from "./ask-routes.ts";
import type { Caller } from "./caller.ts";
import { followEvents } from "./follow-events.ts";

type Row = { readonly service: string; readonly rps?: number } & Readonly<Record<string, unknown>>;
type Event = Readonly<Record<"rows" | "flows" | "overrides" | "held" | "dropped", readonly Row[]>>;

/** Where traffic is to go and where it goes, once a second. */
export async function* watchTraffic(
  follow: FollowRoute,
  { caller, service }: { readonly caller: Caller; readonly service: string },
  signal: AbortSignal,
): AsyncGenerator<WatchTrafficResponse, void, undefined> {
  for await (const { event, data } of followEvents(follow, { caller, after: "" }, signal)) {
    if (event !== "traffic") continue;
    const { rows, flows, overrides, held, dropped, ...rest } = data as Event;
    const of = (all: readonly Row[]) => all.filter((each) => service === "" || each.service === service);
    const lists = { flows: of(flows), overrides: of(overrides), held: of(held), dropped: of(dropped) };
    yield messageOf(WatchTrafficResponseSchema, { ...rest, rows: of(rows).map(rowOf), ...lists });
  }
}

/** The event stream has what is observed of a row beside the rest of it. */
function rowOf({ serving, total, percent, requests, rps, errorPercent, inProgress, ...rest }: Row): unknown {
  const observed = { percent, requests, rps, errorPercent, inProgress };
  const known = Object.entries(observed).filter(([, value]) => value !== undefined);
  return {
    ...rest,
    endpoints: { serving, total },
    ...(rps !== undefined && { observed: Object.fromEntries(known) }),
  };
}
