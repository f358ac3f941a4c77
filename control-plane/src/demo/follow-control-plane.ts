import { pause } from "../lib/wait.ts";
import type { OperatorApi, Revision, TrafficRow } from "./operator-api.ts";

export type ControlPlaneNote =
  | { readonly kind: "changed"; readonly revision: Revision; readonly rows: readonly TrafficRow[] }
  | {
      readonly kind: "change-acked";
      readonly revision: number;
      readonly acked: number;
      readonly of: number;
      /** From the change to the last ACK. */
      readonly tookMs: number;
    }
  | { readonly kind: "control-plane-silent"; readonly cause: Error }
  | { readonly kind: "control-plane-back" };

const patienceSeconds = 10;

/**
 * Watches what is configured until the signal aborts. `onTraffic` hears the present rules twice a second or so, `observe`
 * each change of them and when all clients had ACKed it.
 */
export async function followControlPlane(
  api: OperatorApi,
  {
    onTraffic,
    observe,
    everyMs = 400,
  }: {
    readonly onTraffic: (rows: readonly TrafficRow[]) => void;
    readonly observe: (note: ControlPlaneNote) => void;
    readonly everyMs?: number;
  },
  signal: AbortSignal,
): Promise<void> {
  let known: number | undefined;
  let isSilent = false;
  while (!signal.aborted) {
    try {
      const { revision, rows } = await api.traffic();
      if (isSilent) observe({ kind: "control-plane-back" });
      isSilent = false;
      onTraffic(rows);
      if (known !== undefined && revision !== known) await tell(api, rows, observe);
      known = revision;
    } catch (cause) {
      if (signal.aborted) return;
      if (!isSilent) observe({ kind: "control-plane-silent", cause: cause as Error });
      isSilent = true;
    }
    await pause(everyMs, signal);
  }
}

async function tell(
  api: OperatorApi,
  rows: readonly TrafficRow[],
  observe: (note: ControlPlaneNote) => void,
): Promise<void> {
  const revision = await api.newestRevision();
  if (revision === undefined) return;
  observe({ kind: "changed", revision, rows });
  const { acked, of } = await api.settled(patienceSeconds);
  const changed = Date.parse(revision.at);
  // The server's own times of both ends: how often we look does not matter.
  const acks = (await api.clients()).flatMap(({ types }) => Object.values(types).map(({ since }) => Date.parse(since)));
  const tookMs = Math.max(0, ...acks.map((ack) => ack - changed));
  observe({ kind: "change-acked", revision: revision.revision, acked, of, tookMs });
}
