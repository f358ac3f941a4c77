import { addressText } from "../../model/service.ts";
import { clientSummary } from "../client-summary.ts";
import type { OperatorParts } from "../parts.ts";
import { shiftAnswer } from "../shift-shape.ts";
import { listed } from "./listed.ts";
import type { Overview, ToldClients, ToldGuard, ToldStore } from "./overview.ts";
import { overviewTraffic } from "./overview-traffic.ts";

const mostOfGuard = 100;
const longestReason = 400;

/** How things are now, for the page. */
export function overviewNow(parts: OperatorParts): Overview {
  const { policies, now } = parts;
  const splits = [...(policies.books.current()?.splits.values() ?? [])];
  const shifts = splits.flatMap((split) => (split.shift ? [shiftAnswer(split, split.shift, now())] : []));
  return {
    version: parts.version,
    traffic: overviewTraffic(parts),
    clients: clientsOf(parts),
    sources: Object.fromEntries(
      parts.sources().map(({ source, kind, state, since, services, endpoints, held = 0, cause }) => [
        source,
        {
          ...{ kind, state, since: since.toISOString(), services, endpoints, held },
          ...(cause !== undefined && { cause }),
        },
      ]),
    ),
    guard: guardOf(parts),
    store: storeOf(parts),
    shifts: listed(shifts.sort((a, b) => (a.startTime < b.startTime ? 1 : -1))),
  };
}

function clientsOf({ clients }: OperatorParts): ToldClients {
  const { groups, troubled, ...counts } = clientSummary(clients.list());
  return {
    ...counts,
    groups: Object.fromEntries(groups.map((each) => [`${each.locality}\n${each.kind}\n${each.role}`, each])),
    troubled: Object.fromEntries(
      troubled.map(({ since, reason, rejected, ...rest }) => [
        `${rest.nodeId}\n${rest.type}`,
        {
          ...{ ...rest, since: since.toISOString() },
          ...(reason !== undefined && { reason: reason.slice(0, longestReason) }),
          ...(rejected && { rejected: rejected.slice(0, 3) }),
        },
      ]),
    ),
  };
}

function guardOf({ guard }: OperatorParts): ToldGuard {
  const held = guard.rows().flatMap(({ service, source, held }) => held.map((each) => ({ ...each, service, source })));
  const refused = guard.refused();
  return {
    held: listed(
      held.slice(0, mostOfGuard).map(({ service, source, endpoint, change, heldMs, believedInMs }) => ({
        ...{ service, source, change, address: addressText(endpoint.address), since: secondIn(-heldMs) },
        ...(believedInMs !== undefined && { believedAt: secondIn(believedInMs) }),
      })),
    ),
    heldInAll: held.length,
    refused: listed(
      refused.slice(0, mostOfGuard).map(({ service, source, address, says }) => ({ service, source, address, says })),
    ),
    refusedInAll: refused.length,
  };
}

/** To the second: what is measured anew each time is some milliseconds off. */
function secondIn(ms: number): string {
  return new Date(Math.round((Date.now() + ms) / 1_000) * 1_000).toISOString();
}

function storeOf({ policies }: OperatorParts): ToldStore {
  const { kind, where, state, since, cause, isKnown } = policies.status();
  return {
    ...{ kind, where, state, since: since.toISOString(), known: isKnown },
    ...(cause !== undefined && { cause }),
    revision: policies.books.current()?.revision ?? 0,
  };
}
