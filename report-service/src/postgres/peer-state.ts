import type { PeerPlace, PeerState } from "../ports/peer-store.ts";

/** What one server of a peer's database said when it was last asked. Each promotion begins a timeline with a higher number. */
export type Look =
  | { readonly kind: "away"; readonly why: string }
  | { readonly kind: "standby"; readonly timeline: number; readonly lagMs: number | undefined }
  | { readonly kind: "primary"; readonly timeline: number };

export type Looks = { readonly here: Look; readonly there: readonly Look[] };

/** The state, why it is so, and which of the servers over there is read and written. */
export type SeenPeer = PeerState & { readonly why: string; readonly readThere: number; readonly writeThere: number };

/**
 * Where a peer's database is read and written. A primary of an older timeline than any that was seen (`newestSeen`) has
 * been replaced, whether it knows that or not: what it took would be lost.
 */
export function peerStateOf({ here, there }: Looks, newestSeen: number): SeenPeer {
  const newest = newestTimeline({ here, there }, newestSeen);
  const takesWrites = (look: Look) => look.kind === "primary" && look.timeline >= newest;
  const writeThere = there.findIndex(takesWrites);
  const readThere = writeThere >= 0 ? writeThere : there.findIndex(({ kind }) => kind === "standby");
  const place = (isHere: boolean, at: number): PeerPlace => (isHere ? "here" : at >= 0 ? "there" : "nowhere");
  return {
    // A replaced primary has what nobody else will ever know of.
    readable: place(here.kind === "standby" || takesWrites(here), readThere),
    writable: place(takesWrites(here), writeThere),
    ...(here.kind === "standby" && here.lagMs !== undefined && { lagMs: here.lagMs }),
    why: [`here: ${said(here, newest)}`, ...there.map((look) => `there: ${said(look, newest)}`)].join("; "),
    readThere,
    writeThere,
  };
}

export function newestTimeline({ here, there }: Looks, newestSeen: number): number {
  return Math.max(newestSeen, ...[here, ...there].map((look) => (look.kind === "away" ? 0 : look.timeline)));
}

function said(look: Look, newest: number): string {
  if (look.kind === "away") return look.why;
  if (look.kind === "standby") return "a standby";
  return look.timeline < newest ? "a primary that another one has replaced" : "the primary";
}
