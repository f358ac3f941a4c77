import { didYouMean } from "../lib/did-you-mean.ts";
import type { Shift } from "../model/shift.ts";
import type { Split } from "../model/split.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import { refusal } from "./api-error.ts";
import type { OperatorParts } from "./parts.ts";

/** A shift with its TrafficSplit. */
export type FoundShift = { readonly split: Split; readonly shift: Shift; readonly stored: StoredDocument };

/** The shift of each TrafficSplit that has or had one. */
export function allShifts({ policies }: Pick<OperatorParts, "policies">): readonly FoundShift[] {
  return [...(policies.books.current()?.splits.values() ?? [])].flatMap((split) => {
    const stored = policies.get("TrafficSplit", split.name);
    return split.shift && stored ? [{ split, shift: split.shift, stored }] : [];
  });
}

/** The shift of this name; throws 404 where there is none. */
export function foundShift(parts: Pick<OperatorParts, "policies">, name: string): FoundShift {
  const known = allShifts(parts);
  const one = known.find(({ shift }) => shift.name === name);
  if (one) return one;
  const hint = didYouMean(
    name,
    known.map(({ shift }) => shift.name),
  );
  const says = `there is no operation ${name}${hint || "; of each TrafficSplit the last is kept, GET /v1/operations has them, and GET /v1/revisions what has been."}`;
  throw refusal(404, "NOT_FOUND", "NO_SUCH_OPERATION", says, { operation: name });
}
