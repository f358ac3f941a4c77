import { z } from "zod";
import type { Look, RunningClient, RunningResource } from "../running/running.ts";
import type { ResourceStatus } from "../serve/clients.ts";
import { ageSeconds, secondsSince, time } from "./shapes.ts";

/** Whether a client tells what it runs, and how old that is. */
export const runningClientShape = z
  .object({
    state: z.enum(["seen", "unseen", "waiting", "unasked"]).meta({
      description: "unseen: it did not answer, what is told is the last answer; unasked: it may not or cannot be asked",
    }),
    why: z.string().optional(),
    at: time.optional().meta({ description: "When it last answered" }),
    ageSeconds: ageSeconds.optional(),
    unseenSeconds: ageSeconds.optional().meta({ description: "For how long it has not answered" }),
    differing: z.number().int().optional().meta({ description: "Resources that it runs otherwise than wanted" }),
    extra: z.array(z.string()).optional().meta({ description: "What it runs of ours that it is not to have" }),
  })
  .meta({ description: "What the client itself says: Envoy's config dump, CSDS of gRPC clients" });

/** One resource as the client itself says that it runs it. */
export const runningResourceShape = z.object({
  isThere: z.boolean(),
  version: z.string().meta({ description: "As the client names it; empty where it names none" }),
  updatedAt: time.optional().meta({ description: "By the client's clock" }),
  ageSeconds: ageSeconds.meta({ description: "Since it was asked" }),
  differs: z
    .boolean()
    .optional()
    .meta({ description: "From what is wanted; missing: it was asked before that was wanted" }),
  differences: z
    .array(
      z.object({
        path: z.string(),
        wanted: z.unknown().optional(),
        running: z.unknown().optional(),
      }),
    )
    .optional()
    .meta({ description: "At most 20; with ?view=diff" }),
});

/** The last answer of a client; undefined where there is none. */
export function lookOf(state: RunningClient): Look | undefined {
  return state.kind === "seen" || state.kind === "unseen" ? state.look : undefined;
}

export function runningClientOf(
  state: RunningClient,
  differing: number | undefined,
): z.output<typeof runningClientShape> {
  const look = lookOf(state);
  return {
    state: state.kind,
    ...((state.kind === "unasked" || state.kind === "unseen") && { why: state.why }),
    ...(look && { at: look.at.toISOString(), ageSeconds: secondsSince(look.at) }),
    ...(state.kind === "unseen" && { unseenSeconds: secondsSince(state.since) }),
    ...(look && differing !== undefined && { differing }),
    ...(look && look.extra.length > 0 && { extra: [...look.extra] }),
  };
}

export function runningResourceOf(
  { version: wanted }: ResourceStatus,
  { isThere, version, updatedAt, comparedWith, differences }: RunningResource,
  at: Date,
  withDifferences: boolean,
): z.output<typeof runningResourceShape> {
  const isCurrent = comparedWith === wanted;
  return {
    ...{ isThere, version, ageSeconds: secondsSince(at) },
    ...(updatedAt && { updatedAt: updatedAt.toISOString() }),
    ...(isCurrent && { differs: differences.length > 0 }),
    ...(isCurrent &&
      withDifferences &&
      differences.length > 0 && { differences: differences.map((each) => ({ ...each })) }),
  };
}
