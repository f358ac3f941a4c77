/** What would be left, of the answer of a drain that only looks. */
export type Headroom = {
  readonly services: readonly {
    readonly service: string;
    readonly places: readonly {
      readonly place: string;
      readonly percentBefore: number;
      readonly percentAfter: number;
      readonly rpsAfter?: number;
      readonly serving: number;
      readonly capacityRps?: number;
    }[];
  }[];
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
};

/** A data center or zone that is to be left alone for a while, or longer than it is. */
export type DrainDraft = {
  readonly locality: string;
  readonly mode: "drain" | "isolate";
  /** Undefined: all. */
  readonly services: readonly string[] | undefined;
  readonly duration: string;
  readonly reason: string;
  /** Even where what is left is too little; asked for only once that was said. */
  readonly force: boolean;
  readonly isExtended: boolean;
  readonly stage:
    | { readonly kind: "editing" }
    | { readonly kind: "asking" }
    | { readonly kind: "looked"; readonly headroom: Headroom }
    | { readonly kind: "doing"; readonly headroom: Headroom }
    | { readonly kind: "refused"; readonly says: string; readonly details: readonly string[] };
};

export function newDrain(locality: string): DrainDraft {
  return {
    ...{ locality, mode: "drain", services: undefined, duration: "1h", reason: "" },
    ...{ force: false, isExtended: false, stage: { kind: "editing" } },
  };
}

/** What is changed makes what was looked at old; the reason does not. */
export function withChange(draft: DrainDraft, change: Partial<DrainDraft>): DrainDraft {
  const isOld = "mode" in change || "duration" in change || "services" in change;
  return { ...draft, ...change, ...(isOld && { force: false, stage: { kind: "editing" } }) };
}

/** The request, as the API takes it. */
export function drainRequest({ locality, mode, services, duration, reason, force }: DrainDraft) {
  return {
    method: "POST" as const,
    path: `/v1/localities/${encodeURIComponent(locality)}:${mode}`,
    body: { duration, reason, ...(services && { services }), ...(force && { force: true }) },
  };
}
