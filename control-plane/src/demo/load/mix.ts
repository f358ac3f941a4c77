/** What a client asks next. Reports are named by what earlier calls answered. */
export type Call =
  | { readonly kind: "list-kinds" }
  | { readonly kind: "create" }
  | { readonly kind: "list" }
  | { readonly kind: "get"; readonly name: string }
  | { readonly kind: "watch"; readonly name: string };

/** The reports a client knows of. */
export type Known = {
  /** Created and not yet followed to their end, oldest first. */
  readonly unfollowed: readonly string[];
  /** Those that may be asked for. */
  readonly recent: readonly string[];
};

/**
 * How many of 100 calls are of each kind. Most look at reports; few make one, as users do. More follow one than make one, so
 * that none waits for long to be followed.
 */
const mix = [
  { kind: "get", percent: 45 },
  { kind: "list-kinds", percent: 30 },
  { kind: "list", percent: 18 },
  { kind: "create", percent: 2 },
  { kind: "watch", percent: 5 },
] as const;

/** Every report is followed to its end; a call that lacks a report to name becomes one that needs none. */
export function nextCall({ unfollowed, recent }: Known, random: () => number): Call {
  const kind = drawn(random() * 100);
  if (kind === "watch") {
    const [name] = unfollowed;
    return name === undefined ? { kind: "list-kinds" } : { kind, name };
  }
  if (kind === "get") {
    const name = recent[Math.floor(random() * recent.length)];
    return name === undefined ? { kind: "list-kinds" } : { kind, name };
  }
  return { kind };
}

function drawn(point: number): (typeof mix)[number]["kind"] {
  let below = 0;
  for (const { kind, percent } of mix) {
    below += percent;
    if (point < below) return kind;
  }
  return "list-kinds";
}
