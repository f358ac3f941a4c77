import type { ServiceName } from "../model/names.ts";
import type { World } from "../model/world.ts";

/** What becomes of a place that came back. */
export type PaceNote =
  /** It is not used in full: requests stay where they went, for a while. */
  | {
      readonly kind: "locality-held";
      readonly service: ServiceName;
      readonly locality: string;
      readonly percent: number;
    }
  /** Nothing of it is held back any more. */
  | { readonly kind: "locality-used"; readonly service: ServiceName; readonly locality: string };

/** What is to be told when this is held after that: beginnings and ends, and not each step. What only gRPC's weights are slow with is none. */
export function paceNotes(before: World["held"], after: World["held"]): readonly PaceNote[] {
  if (before === after) return [];
  const [was, is] = [placesOf(before), placesOf(after)];
  const begun = is.filter(({ id }) => !was.some((each) => each.id === id));
  const ended = was.filter(({ id }) => !is.some((each) => each.id === id));
  return [
    ...begun.map(({ service, locality, percent }) => ({ kind: "locality-held" as const, service, locality, percent })),
    ...ended.map(({ service, locality }) => ({ kind: "locality-used" as const, service, locality })),
  ];
}

function placesOf(held: World["held"]) {
  return [...held].flatMap(([service, places]) =>
    [...places]
      .filter(([, { onEnvoy }]) => onEnvoy)
      .map(([key, { percent }]) => ({ id: `${service} ${key}`, service, locality: key.replace(/\/+$/, ""), percent })),
  );
}
