import { sortedBy } from "../../lib/order.ts";
import type { ClientStatus, ClientView } from "../../serve/clients.ts";
import { withinBytes } from "../within-bytes.ts";
import type { ClientHappenings } from "./client-happenings.ts";

const bytesOfGroups = 1_200;
const bytesOfEach = 500;

/** How many clients are in which state, place by place, and what happened since the last such event; in at most 3.5 kB. */
export function clientsEvent(clients: readonly ClientView[], { came, went, nacks }: ClientHappenings, at: Date) {
  const groups = [...Map.groupBy(clients, ({ kind, role, locality }) => `${kind} ${role} ${locality}`)];
  const inGroups = sortedBy(groups, ([key]) => key).flatMap(([, [first, ...others]]) => {
    if (!first) return [];
    const { kind, role, locality } = first;
    return [{ kind, role, locality, ...countsOf([first, ...others]) }];
  });
  const troubled = clients.filter((client) => isTroubled(stateOf(client))).map(troubleOf);
  const shown = {
    groups: withinBytes(inGroups, bytesOfGroups),
    troubled: withinBytes(troubled, bytesOfEach),
    came: withinBytes(came.map(whoOf), bytesOfEach),
    went: withinBytes(went.map(whoOf), bytesOfEach),
    nacks: withinBytes(
      nacks.map(({ client, count }) => ({ ...troubleOf(client), count })),
      bytesOfEach,
    ),
  };
  const named = Object.entries(shown);
  return {
    at: at.toISOString(),
    ...countsOf(clients),
    ...(Object.fromEntries(named.map(([name, { kept }]) => [name, kept])) as {
      readonly [Name in keyof typeof shown]: (typeof shown)[Name]["kept"];
    }),
    leftOut: Object.fromEntries(named.flatMap(([name, { leftOut }]) => (leftOut > 0 ? [[name, leftOut]] : []))),
  };
}

/** Of all its types together: the worst. */
function stateOf({ types }: ClientView): ClientStatus {
  const all = Object.values(types).map(({ status }) => status);
  const worst = (["ERROR", "STALE", "SYNCED"] as const).find((each) => all.includes(each));
  return worst ?? "NOT_SENT";
}

function isTroubled(state: ClientStatus): boolean {
  return state === "ERROR" || state === "STALE";
}

function countsOf(clients: readonly ClientView[]) {
  const of = (state: ClientStatus) => clients.filter((each) => stateOf(each) === state).length;
  return {
    total: clients.length,
    synced: of("SYNCED"),
    stale: of("STALE"),
    error: of("ERROR"),
    notSent: of("NOT_SENT"),
  };
}

function whoOf({ nodeId, kind, role, locality }: ClientView) {
  return { nodeId, kind, role, locality };
}

/** Where a client is not in step, and why in its own words. */
function troubleOf(client: ClientView) {
  const [type, status] = Object.entries(client.types).find(([, { status }]) => status === "ERROR") ??
    Object.entries(client.types).find(([, { status }]) => status === "STALE") ?? ["", undefined];
  return {
    nodeId: client.nodeId,
    type,
    status: status?.status ?? "SYNCED",
    ...(status && { since: status.since.toISOString() }),
    ...(status?.reason !== undefined && { reason: status.reason.slice(0, 200) }),
  };
}
