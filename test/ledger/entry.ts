/** What the client writes down. An `intent` is on the disk before its request is sent; the others follow an answer. */
export type Entry =
  | { readonly kind: "intent"; readonly request: string; readonly order: number }
  /** Each answer that names a report, also those to repeats of a request. */
  | { readonly kind: "accepted"; readonly request: string; readonly report: string }
  /** The last word on a request: it makes no report. */
  | { readonly kind: "rejected"; readonly request: string; readonly code: string }
  /** No answer: it may have made a report or not. The client asks again under the same id. */
  | { readonly kind: "unknown"; readonly request: string; readonly code: string }
  /** What it is to read has been sent, under the request's own id. */
  | { readonly kind: "uploaded"; readonly request: string; readonly upload: string }
  | { readonly kind: "cancelling"; readonly request: string }
  /** What a cancellation was answered with: the report's state, or a code. */
  | { readonly kind: "cancel-answer"; readonly request: string; readonly became: string }
  /** It had ended, as the client saw, and is queued again under an id of its own. */
  | { readonly kind: "retrying"; readonly request: string }
  /** What that, or its repeat, was answered with: the report's name, or a code. */
  | { readonly kind: "retried"; readonly request: string; readonly became: string }
  /** What came of another body under a request id that was accepted: a code, or the name of a report. */
  | { readonly kind: "other-body"; readonly request: string; readonly became: string }
  /** The state in which a watcher saw it end. */
  | { readonly kind: "seen"; readonly request: string; readonly state: string };

/** The entries of a ledger's file. A line that was cut off by a kill was never acted on, so it says nothing. */
export function parseEntries(text: string): readonly Entry[] {
  return text.split("\n").flatMap((line) => {
    if (!line.endsWith("}")) return [];
    try {
      return [JSON.parse(line) as Entry];
    } catch {
      return [];
    }
  });
}
