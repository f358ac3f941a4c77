import type { JoinedWorlds } from "./join-worlds.ts";
import { sortedBy } from "./lib/order.ts";
import { addressText } from "./model/service.ts";
import { whyHeldText } from "./model/why-held.ts";
import type { OperatorParts } from "./operator/parts.ts";
import { type AddressRule, refusedText } from "./sources/guard/address-rule.ts";
import type { SharedConfirmations } from "./sources/guard/shared-confirmations.ts";
import type { SourceOverview } from "./sources/overview.ts";

/** What the operator's side is told of what is held back. */
export function operatorGuard(
  joined: Pick<JoinedWorlds, "guarded" | "confirm" | "refused">,
  allows: AddressRule,
  others: SharedConfirmations | undefined,
): OperatorParts["guard"] {
  return {
    rows: joined.guarded,
    refused: () => [
      ...joined.refused(),
      ...joined.guarded().flatMap(({ service, source, refused }) =>
        refused.map(({ address }) => {
          return { service, source, address: addressText(address), says: refusedText(address, allows(address) ?? "") };
        }),
      ),
    ],
    async confirm(service, author) {
      const rows = joined.confirm(service, author);
      if (others === undefined) return { rows };
      const told = await others.tell(service, author).then(
        () => true,
        () => false,
      );
      return { rows, othersTold: told };
    },
    refuses(address) {
      const why = allows(address);
      return why === undefined ? undefined : refusedText(address, why);
    },
  };
}

/** A source that answers, but of which something is held back, is suspect. */
export function withGuard(
  overview: readonly SourceOverview[],
  rows: ReturnType<JoinedWorlds["guarded"]>,
): ReturnType<OperatorParts["sources"]> {
  return overview.map((each) => {
    const own = rows.filter(({ source }) => source === each.source);
    const held = own.flatMap((row) => row.held);
    const isSuspect = each.state === "current" && own.some(({ trust }) => trust === "suspect");
    if (!isSuspect) return { ...each, held: held.length };
    const cause =
      held.length > 0 ? `${held.length} endpoints are held back: weir guard list` : "its data were lost or restored";
    return { ...each, state: "suspect" as const, held: held.length, cause };
  });
}

/** What clients are sent that is not what the sources say now, in words. */
export function heldWords(
  overview: readonly SourceOverview[],
  rows: ReturnType<JoinedWorlds["guarded"]>,
  now: Date,
): { readonly stale: readonly string[]; readonly heldBack: readonly string[] } {
  const stale = overview
    .filter(({ state }) => state === "stale")
    .map(({ source, lastSeen, cause }) => {
      const seconds = Math.round((now.getTime() - (lastSeen ?? now).getTime()) / 1000);
      return `${source} is known as it was ${seconds} s ago${cause === undefined ? "" : `: ${cause}`}`;
    });
  const heldBack = rows
    .filter(({ held }) => held.length > 0)
    .map(({ service, source, held }) => {
      const why = [...new Set(held.map((each) => whyHeldText[each.why]))].join(", ");
      return `${service}: ${held.length} endpoints of ${source} (${why})`;
    });
  return { stale, heldBack: sortedBy(heldBack, (text) => text) };
}
