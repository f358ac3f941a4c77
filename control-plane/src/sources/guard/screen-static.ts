import type { ServiceName } from "../../model/names.ts";
import { addressText } from "../../model/service.ts";
import type { Demand, Part } from "../demand.ts";
import { type AddressRule, refusedText } from "./address-rule.ts";
import type { GuardNote } from "./guard-note.ts";

export type RefusedNote = Extract<GuardNote, { readonly kind: "endpoint-refused" }>;

/** The demand without the endpoints of the documents themselves that no client may be sent to. */
export function screenStatic(
  demand: Demand,
  allows: AddressRule,
): { readonly demand: Demand; readonly refused: readonly RefusedNote[] } {
  const refused: RefusedNote[] = [];
  const parts = new Map<ServiceName, readonly Part[]>();
  for (const [service, own] of demand.parts) {
    const screened = own.map((part): Part => {
      if (part.kind !== "static") return part;
      const allowed = part.endpoints.filter(({ address, source }) => {
        const why = allows(address);
        if (why === undefined) return true;
        const says = refusedText(address, why);
        refused.push({ kind: "endpoint-refused", service, source, address: addressText(address), says });
        return false;
      });
      return allowed.length === part.endpoints.length ? part : { ...part, endpoints: allowed };
    });
    parts.set(service, screened.every((part, index) => part === own[index]) ? own : screened);
  }
  return { demand: refused.length === 0 ? demand : { ...demand, parts }, refused };
}
