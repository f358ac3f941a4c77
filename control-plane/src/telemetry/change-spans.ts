import { context as contexts, type HrTime, type Span, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import type { JournalEntry } from "../policy/policy-store.ts";
import type { ChangeNote, Note } from "./note.ts";
import { shortened } from "./text.ts";

/** A change that is on its way to the clients. */
type OpenChange = {
  readonly root: Span;
  /** Responses that wait for their answer, by client and then by type and nonce. */
  readonly pushes: Map<string, Map<string, Span>>;
  shown: number;
  notShown: number;
};

// A change that thousands of clients hear of would be a trace that nobody can open.
const mostPushes = 200;
const mostOpen = 50;

export type ChangeSpans = {
  /** Builds the spans of a change from what is reported of it: `change` over `apply`, `translate` for each viewer and `push` for each response, which ends with its ACK. */
  take(note: Note): void;
  traceOf(revision: number): string | undefined;
  /** Ends what is open, so that it is exported. */
  end(): void;
};

/** `now` in milliseconds since 1970, with fractions. */
export function createChangeSpans(tracer: Tracer, now: () => number): ChangeSpans {
  const open = new Map<number, OpenChange>();

  function begin({ revision, at, by, through, reason, changes }: JournalEntry): void {
    const startTime = at.getTime();
    const attributes = {
      ...{ "weir.revision": revision, "weir.by": by, "weir.through": through, "weir.reason": shortened(reason) },
      "weir.documents": changes
        .slice(0, 50)
        .map(({ documentKind, name, action }) => `${action} ${documentKind}/${name}`),
    };
    const root = tracer.startSpan("change", { startTime, attributes, root: true });
    tracer.startSpan("apply", { startTime }, under(root)).end(now());
    open.set(revision, { root, pushes: new Map(), shown: 0, notShown: 0 });
    const [oldest] = open.keys();
    if (open.size > mostOpen && oldest !== undefined) finish(oldest, undefined);
  }

  function translated({
    viewer,
    revision,
    changed,
    removed,
    tookMs,
  }: Extract<Note, { readonly kind: "published" }>): void {
    const change = open.get(revision);
    if (!change) return;
    const attributes = { "weir.viewer": viewer, "weir.changed": changed, "weir.removed": removed };
    tracer
      .startSpan("translate", { startTime: microseconds(now() - tookMs), attributes }, under(change.root))
      .end(now());
  }

  function notTranslated({ viewer, revision, cause }: Extract<Note, { readonly kind: "withheld" }>): void {
    const change = open.get(revision);
    if (!change) return;
    const span = tracer.startSpan(
      "translate",
      { startTime: microseconds(now()), attributes: { "weir.viewer": viewer } },
      under(change.root),
    );
    span.recordException(cause, now());
    span.setStatus({ code: SpanStatusCode.ERROR, message: cause.message });
    span.end(now());
  }

  function sent({
    nodeId,
    type,
    nonce,
    version,
    revision,
    resources,
    removed,
    bytes,
  }: Extract<Note, { readonly kind: "sent" }>): void {
    const change = open.get(revision);
    if (!change) return;
    if (change.shown >= mostPushes) {
      change.notShown += 1;
      return;
    }
    change.shown += 1;
    const attributes = {
      ...{ "weir.node": nodeId, "weir.type": type, "weir.nonce": nonce, "weir.version": version },
      ...{
        "weir.resources": resources,
        "weir.removed": removed,
        ...(bytes === undefined ? {} : { "weir.bytes": bytes }),
      },
    };
    const span = tracer.startSpan("push", { startTime: microseconds(now()), attributes }, under(change.root));
    const ofClient = change.pushes.get(nodeId) ?? new Map<string, Span>();
    change.pushes.set(nodeId, ofClient.set(`${type} ${nonce}`, span));
  }

  /** The span of a response, once: whoever takes it ends it. */
  function takePush(nodeId: string, type: string, nonce: string): Span | undefined {
    for (const { pushes } of open.values()) {
      const ofClient = pushes.get(nodeId);
      const span = ofClient?.get(`${type} ${nonce}`);
      if (!span) continue;
      ofClient?.delete(`${type} ${nonce}`);
      return span;
    }
    return undefined;
  }

  function finish(revision: number, note: ChangeNote | undefined): void {
    const change = open.get(revision);
    if (!change) return;
    open.delete(revision);
    for (const span of [...change.pushes.values()].flatMap((ofClient) => [...ofClient.values()])) span.end(now());
    if (change.notShown > 0) change.root.setAttribute("weir.pushes_not_shown", change.notShown);
    if (note) change.root.setAttribute("weir.clients", note.clients);
    if (note?.kind === "not-converged") {
      const message = `${note.clients - note.acked} of ${note.clients} clients have not answered`;
      change.root.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    change.root.end(now());
  }

  return {
    take(note) {
      if (note.kind === "documents-changed") begin(note.entry);
      if (open.size === 0) return;
      switch (note.kind) {
        case "published":
          return translated(note);
        case "withheld":
          return notTranslated(note);
        case "sent":
          return sent(note);
        case "acked": {
          const span = takePush(note.nodeId, note.type, note.nonce);
          span?.addEvent("ack", now()).end(now());
          return;
        }
        case "rejected": {
          const span = takePush(note.nodeId, note.type, note.nonce);
          span
            ?.addEvent("nack", now())
            .setStatus({ code: SpanStatusCode.ERROR, message: shortened(note.reason) })
            .end(now());
          return;
        }
        case "client-disconnected":
          for (const { pushes } of open.values()) {
            for (const span of pushes.get(note.nodeId)?.values() ?? [])
              span.setStatus({ code: SpanStatusCode.ERROR, message: "the client went before it answered" }).end(now());
            pushes.delete(note.nodeId);
          }
          return;
        case "serving":
          // What the documents said before anyone was served is no change on its way to a client.
          for (const revision of [...open.keys()]) finish(revision, undefined);
          return;
        case "converged":
        case "not-converged":
          return finish(note.revision, note);
      }
    },
    traceOf: (revision) => open.get(revision)?.root.spanContext().traceId,
    end() {
      for (const revision of [...open.keys()]) finish(revision, undefined);
    },
  };
}

// Zipkin refuses all spans of a request of which one begins at a fraction of a microsecond; the SDK's exporter rounds their
// ends only (@opentelemetry/exporter-zipkin 3.1.0).
function microseconds(ms: number): HrTime {
  const all = Math.round(ms * 1000);
  return [Math.floor(all / 1_000_000), (all % 1_000_000) * 1000];
}

function under(parent: Span) {
  return trace.setSpan(contexts.active(), parent);
}
