import { never } from "../lib/exhaustive.ts";
import { type Problem, problemText } from "../lib/parsed.ts";
import type { Feed, FeedState, SavedFeed, Sighting, SourceNote } from "./feed.ts";
import { keepIdentity } from "./keep-identity.ts";

/** What is known of a feed after a sighting, and what is worth telling. A failure never takes an endpoint away. */
export function afterSighting(
  feed: Feed,
  before: FeedState,
  sighting: Sighting,
  now: Date,
): { readonly state: FeedState; readonly notes: readonly SourceNote[] } {
  switch (sighting.kind) {
    case "seen":
      return afterSeen(feed, before, sighting, now);
    case "failed":
      return afterFailure(feed, before, sighting.cause, now);
    default:
      return never(sighting);
  }
}

function afterSeen(feed: Feed, before: FeedState, sighting: Extract<Sighting, { kind: "seen" }>, now: Date) {
  const known = before.kind === "waiting" ? undefined : before;
  const endpoints = keepIdentity(known?.endpoints, sighting.endpoints);
  const skippedBefore = known?.skipped ?? [];
  const skipped = textOf(skippedBefore) === textOf(sighting.skipped) ? skippedBefore : sighting.skipped;
  const about = { source: feed.source, feed: feed.key };
  const notes: SourceNote[] = [];
  if (before.kind === "stale")
    notes.push({ kind: "source-back", ...about, blindMs: now.getTime() - before.since.getTime() });
  if (endpoints !== known?.endpoints) notes.push({ kind: "source-changed", ...about, endpoints: endpoints.length });
  if (skipped !== skippedBefore) notes.push({ kind: "source-skipped", ...about, problems: skipped });
  const { evidence, withdrawn } = sighting;
  const more = { ...(evidence && { evidence }), ...(withdrawn && { withdrawn }) };
  const state: FeedState = { kind: "current", endpoints, at: now, skipped, ...more };
  return { state, notes };
}

function afterFailure(feed: Feed, before: FeedState, cause: Error, now: Date) {
  const about = { source: feed.source, feed: feed.key };
  const notes: SourceNote[] = [];
  switch (before.kind) {
    case "waiting":
      if (!before.cause) notes.push({ kind: "source-unseen", ...about, cause });
      return { state: { ...before, cause }, notes };
    case "current": {
      notes.push({ kind: "source-lost", ...about, cause });
      const state: FeedState = { ...before, kind: "stale", since: now, cause };
      return { state, notes };
    }
    case "stale":
      return { state: { ...before, cause }, notes };
    default:
      return never(before);
  }
}

/** What is known of a feed that has not answered in time: what was saved of it, if anything was. */
export function afterWaiting(
  { source, key: feed }: Feed,
  before: Extract<FeedState, { kind: "waiting" }>,
  saved: SavedFeed | undefined,
): { readonly state: FeedState; readonly notes: readonly SourceNote[] } {
  if (!saved) return { state: { ...before, overdue: true }, notes: [] };
  const { endpoints, at } = saved;
  const { since, cause = new Error(`has not answered since the start; as it was at ${at.toISOString()}`) } = before;
  return {
    state: { kind: "stale", endpoints, at, skipped: [], since, cause },
    notes: [{ kind: "source-restored", source, feed, endpoints: endpoints.length, at }],
  };
}

function textOf(problems: readonly Problem[]): string {
  return problems.map(problemText).join("\n");
}
