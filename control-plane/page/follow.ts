import { patched } from "../src/lib/merge-patch.ts";
import type { Overview as Told } from "../src/operator/events/overview.ts";
import type { Overview, Revision, Splits } from "./answers.ts";
import { readOverview } from "./read-overview.ts";
import type { ServerEvent } from "./server-events.ts";
import { ask, listen, RefusedError, whyNot } from "./weir-api.ts";

export type Heard =
  | { readonly kind: "overview"; readonly overview: Overview }
  | { readonly kind: "failed"; readonly why: string; readonly asksWho: boolean };

/** What is asked for when there is another revision. */
type Documents = Pick<Overview, "splits" | "revisions">;

const longestPauseMs = 5_000;

/**
 * How things are, each second, as the control plane's one stream tells it, until the signal. A stream that breaks is taken up
 * where it broke, less and less often while that fails. A page that nobody looks at does not listen: it would hold one of the six
 * connections that a browser opens to a server.
 */
export async function* followWeir(signal: AbortSignal): AsyncGenerator<Heard> {
  let told: { readonly overview: Told; readonly id: string | undefined } | undefined;
  let documents: Documents | undefined;
  let failures = 0;
  while (!signal.aborted) {
    await isVisible(signal);
    const hidden = whenHidden(signal);
    try {
      for await (const event of listen("/v1/events?view=page", told?.id, hidden.signal)) {
        const data = JSON.parse(event.data) as EventData;
        const overview = overviewAfter(told?.overview, event, data);
        if (overview === undefined) continue;
        told = { overview, id: event.id };
        if (documents?.splits.revision !== overview.store.revision) documents = await documentsNow();
        failures = 0;
        yield { kind: "overview", overview: { ...readOverview(overview, Date.parse(data.at)), ...documents } };
      }
    } catch (cause) {
      if (!hidden.signal.aborted) {
        const asksWho = cause instanceof RefusedError && cause.code === 401;
        yield { kind: "failed", why: whyNot(cause), asksWho };
        failures = asksWho ? 1 : failures + 1;
      }
    }
    hidden.end();
    if (!hidden.signal.aborted) await pause(pauseMs(failures), signal);
  }
}

type EventData = { readonly at: string; readonly overview?: Told; readonly patch?: unknown };

/** Undefined for what the page does not know, and for changes of something that it was not told. */
function overviewAfter(before: Told | undefined, { event }: ServerEvent, data: EventData): Told | undefined {
  if (event === "overview") return data.overview;
  return event === "changes" && before !== undefined ? (patched(before, data.patch) as Told) : undefined;
}

async function documentsNow(): Promise<Documents> {
  const [splits, { revisions }] = await Promise.all([
    ask<Splits>("/v1/trafficSplits"),
    ask<{ readonly revisions: readonly Revision[] }>("/v1/revisions?limit=100"),
  ]);
  return { splits, revisions };
}

/** After an end in order soon; else 1, 2, 4, 5 s, a fifth more or less, lest all pages come back at once. */
function pauseMs(failures: number): number {
  const ms = failures === 0 ? 300 : Math.min(longestPauseMs, 1_000 * 2 ** (failures - 1));
  return ms * (0.8 + 0.4 * Math.random());
}

function isVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
  });
}

/** Aborts with the signal, and when nobody looks at the page any more. */
function whenHidden(signal: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const stop = new AbortController();
  const look = () => {
    if (document.hidden || signal.aborted) stop.abort();
  };
  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", look);
  look();
  return {
    signal: stop.signal,
    end() {
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
