import type { XdsResource } from "../../snapshot/resource.ts";

/** What a client has of a resource: what we sent it; or only the version that it told us when it came back; or we cannot say. */
export type Held = XdsResource | { readonly version: string; readonly stamp: bigint } | Doubt;

/** It rejected this together with others: it has it, or has what it had before. Equal to no version, so that it is sent. */
export type Doubt = {
  readonly version: "";
  readonly stamp: bigint;
  /** Undefined: it was told that there is none any more. */
  readonly maybe: XdsResource | undefined;
  /** It said whom it meant, and that was not this. */
  readonly likely: boolean;
  readonly before: Held | undefined;
};

export function isDoubt(held: Held | undefined): held is Doubt {
  return held !== undefined && "maybe" in held;
}

/** The resource that the client has, or most likely has, as far as we have it. */
export function resourceOf(held: Held | undefined): XdsResource | undefined {
  if (held === undefined || "body" in held) return held;
  if (!isDoubt(held)) return undefined;
  // A list that leaves out what is only perhaps gone would take it away for good.
  return held.likely && held.maybe !== undefined ? held.maybe : resourceOf(held.before);
}

/** Does it lack all of that name, as far as we know? Perhaps gone counts as gone: nothing is to refer to that. */
export function lacksAll(held: Held | undefined): boolean {
  if (!isDoubt(held)) return held === undefined;
  return held.maybe === undefined || (!held.likely && held.before === undefined);
}
