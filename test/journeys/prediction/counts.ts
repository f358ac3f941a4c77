import type { CallRecord } from "../../kit/echo.ts";

/** Requests by the address that had them, whether it answered or erred; under `nowhere` those that reached nobody. */
export type Counts = ReadonlyMap<string, number>;

export const nowhere = "nowhere";

/** Back ends that err say who they are in their errors. */
export function countsOf(records: readonly CallRecord[], addressOfId: ReadonlyMap<string, string>): Counts {
  const counts = new Map<string, number>();
  for (const { reply, details } of records) {
    const id = reply?.id ?? details.split(" ")[0] ?? "";
    const address = addressOfId.get(id) ?? nowhere;
    counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  return counts;
}
