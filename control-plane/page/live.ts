import type { Overview } from "./answers.ts";

/**
 * What the page knows of its control plane. Times are those of this browser, in milliseconds.
 * - `waiting`: nothing was heard yet.
 * - `current`: the last question was answered.
 * - `lost`: it no longer is; what was known stays, with its age.
 */
export type Live =
  | { readonly kind: "waiting"; readonly since: number; readonly why: string | undefined }
  | { readonly kind: "current"; readonly overview: Overview; readonly at: number }
  | {
      readonly kind: "lost";
      readonly overview: Overview;
      readonly at: number;
      readonly since: number;
      readonly why: string;
    };

export function afterAnswer(overview: Overview, now: number): Live {
  return { kind: "current", overview, at: now };
}

export function afterFailure(before: Live, why: string, now: number): Live {
  switch (before.kind) {
    case "waiting":
      return { ...before, why };
    case "current":
      return { kind: "lost", overview: before.overview, at: before.at, since: now, why };
    case "lost":
      return { ...before, why };
  }
}

/** Undefined before anything was heard. */
export function overviewOf(live: Live): Overview | undefined {
  return live.kind === "waiting" ? undefined : live.overview;
}
