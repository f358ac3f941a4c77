import { isDeepStrictEqual } from "node:util";
import { type Api, ApiFailure } from "./api.ts";
import type { Listing, Settled } from "./api-types.ts";
import { documentUrl } from "./resources.ts";
import { type Edited, emptySplit, type SplitDocument } from "./split-edit.ts";
import { type WriteFlags, writeOptions } from "./write-options.ts";

export type SplitChange = Edited & {
  /** `trafficSplits/report`. */
  readonly resource: string;
  readonly outcome: "changed" | "unchanged" | "dry-run";
  /** The revision that holds now. */
  readonly revision: number;
};

/**
 * Reads the split of a service, edits it and writes it back, provided that nobody changed it in between; tries once more when
 * somebody did. A service without a split gets one.
 */
export async function changeSplit(
  api: Api,
  service: string,
  edit: (before: SplitDocument) => Edited,
  flags: WriteFlags,
): Promise<SplitChange> {
  try {
    return await attempt(api, service, edit, flags);
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.code !== 412) throw error;
    return attempt(api, service, edit, flags);
  }
}

async function attempt(
  api: Api,
  service: string,
  edit: (before: SplitDocument) => Edited,
  flags: WriteFlags,
): Promise<SplitChange> {
  const { body } = await api.get<Listing & { readonly trafficSplits: readonly SplitDocument[] }>("/v1/trafficSplits");
  const found = body.trafficSplits.find(({ spec }) => spec.service === service);
  const before = found ?? emptySplit(service);
  const { document, lines } = edit(before);
  const { name } = before.metadata;
  const resource = `trafficSplits/${name}`;
  if (isDeepStrictEqual(document, before))
    return { document, lines, resource, outcome: "unchanged", revision: body.revision };

  const etag = body.stored.find((each) => each.name === name)?.etag;
  const { query = {} } = writeOptions(flags);
  const headers: Record<string, string> = found ? { "if-match": `"${etag ?? ""}"` } : { "if-none-match": "*" };
  const answer = await api.put<SplitDocument>(documentUrl("trafficSplits", name), document, { query, headers });
  return {
    document: answer.body,
    lines,
    resource,
    outcome: flags.dryRun ? "dry-run" : "changed",
    revision: answer.revision ?? body.revision,
  };
}

/** Waits until every client has ACKed what a revision brought. */
export async function settled(api: Api, revision: number, within: string): Promise<Settled> {
  const query = new URLSearchParams({ revision: String(revision), within });
  return (await api.get<Settled>(`/v1/clients:settled?${query}`)).body;
}
