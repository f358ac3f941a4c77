import { type Parsed, parsed } from "../../control-plane/src/lib/parsed.ts";

/** One thing to measure: so many streams of one variant, each subscribed to all of so many clusters. */
export type Cell = {
  readonly variant: "sotw" | "delta";
  readonly streams: number;
  readonly clusters: number;
  readonly endpoints: number;
  /**
   * `changes`: connect at once, idle, then one change after another. `reconnect`: the server is killed and started anew, and
   * all come back with what they hold. `sustained`: changes as under `changes`, while fifty others a second go on. `held`:
   * as `changes`, with an eye on how long the event loop is held, which costs too much to be done always.
   */
  readonly doing: "changes" | "reconnect" | "sustained" | "held";
};

const kinds = ["changes", "reconnect", "sustained", "held"] as const;

/** `delta:1000:100:10`, or with what is to happen `delta:1000:1000:10:reconnect`. */
export function parseCell(text: string): Parsed<Cell> {
  const [variant, streams, clusters, endpoints, doing = "changes", ...rest] = text.split(":");
  const counts = [streams, clusters, endpoints].map(Number);
  const kind = kinds.find((one) => one === doing);
  const good =
    (variant === "sotw" || variant === "delta") && counts.every((count) => Number.isInteger(count) && count > 0);
  if (!good || kind === undefined || rest.length > 0) {
    const says = `is not sotw|delta:STREAMS:CLUSTERS:ENDPOINTS, with :${kinds.join("|:")} if need be`;
    return { ok: false, problems: [{ at: `"${text}"`, says }] };
  }
  const [streamCount = 0, clusterCount = 0, endpointCount = 0] = counts;
  return parsed({ variant, streams: streamCount, clusters: clusterCount, endpoints: endpointCount, doing: kind });
}

export function cellText({ variant, streams, clusters, endpoints, doing }: Cell): string {
  return [variant, streams, clusters, endpoints, ...(doing === "changes" ? [] : [doing])].join(":");
}
