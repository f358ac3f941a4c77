import { problemText } from "../lib/parsed.ts";
import type { Log, LogFields, LogLevel } from "./log.ts";
import { type Metrics, sourceLabels } from "./metrics.ts";
import type { Note, Observe } from "./note.ts";
import { createRepeats } from "./repeats.ts";
import { causeText, rounded, shortened } from "./text.ts";

/** What becomes of one kind of note. */
type Row<N extends Note> = {
  readonly level: LogLevel | ((note: N) => LogLevel);
  readonly says: (note: N) => string;
  readonly fields: (note: N) => LogFields;
  readonly counts?: (note: N, metrics: Metrics) => void;
  /** Notes that come again and again while nothing changed: equal texts are one line in five minutes. */
  readonly again?: (note: N) => string;
};

/** A new kind of note does not compile until it has its row here. */
const table: { readonly [Kind in Note["kind"]]: Row<Extract<Note, { readonly kind: Kind }>> } = {
  "source-changed": {
    level: "info",
    says: ({ feed, endpoints }) => `${feed} has ${endpoints} endpoints`,
    fields: ({ source, feed, endpoints }) => ({ component: "sources", source, feed, endpoints }),
    counts: ({ source }, { sourceEvents }) => sourceEvents.inc(sourceLabels(source)),
  },
  "source-unseen": {
    level: "warn",
    says: ({ feed, cause }) => `${feed} has not answered yet: ${causeText(cause)}`,
    fields: ({ source, feed }) => ({ component: "sources", source, feed }),
    counts: ({ source }, { sourceFailures }) => sourceFailures.inc(sourceLabels(source)),
  },
  "source-lost": {
    level: "warn",
    says: ({ feed, cause }) => `${feed} does not answer, what was known of it is kept: ${causeText(cause)}`,
    fields: ({ source, feed }) => ({ component: "sources", source, feed }),
    counts: ({ source }, { sourceFailures }) => sourceFailures.inc(sourceLabels(source)),
  },
  "source-back": {
    level: "info",
    says: ({ feed, blindMs }) => `${feed} answers again after ${Math.round(blindMs)} ms`,
    fields: ({ source, feed, blindMs }) => ({ component: "sources", source, feed, blindMs: rounded(blindMs) }),
  },
  "source-skipped": {
    level: ({ problems }) => (problems.length === 0 ? "info" : "warn"),
    says: ({ feed, problems }) =>
      problems.length === 0
        ? `all entries of ${feed} make endpoints again`
        : `${problems.length} entries of ${feed} make no endpoint and are left out`,
    fields: ({ source, feed, problems }) => ({
      component: "sources",
      source,
      feed,
      problems: problems.slice(0, 20).map(problemText),
    }),
  },
  "source-rewound": {
    level: "warn",
    says: ({ feed, from, to }) => `${feed}: the index went back from ${from} to ${to}, its data was restored or lost`,
    fields: ({ source, feed, from, to }) => ({ component: "sources", source, feed, from, to }),
  },
  "source-watch-broken": {
    level: "error",
    says: ({ feed, cause }) => `the watch of ${feed} ended by itself and is started again: ${causeText(cause)}`,
    fields: ({ source, feed, cause }) => ({ component: "sources", source, feed, stack: cause.stack }),
  },
  "source-restored": {
    level: "warn",
    says: ({ feed, endpoints, at }) =>
      `${feed} has not answered since the start: its ${endpoints} endpoints as saved at ${at.toISOString()} are in force`,
    fields: ({ source, feed, endpoints }) => ({ component: "sources", source, feed, endpoints }),
  },
  "saved-world-damaged": {
    level: "error",
    says: ({ file, keptAs, cause }) =>
      `${file} is damaged, it is kept as ${keptAs} and passed over: ${causeText(cause)}`,
    fields: ({ file, keptAs }) => ({ component: "sources", file, keptAs }),
  },
  "saved-world-unsaved": {
    level: "error",
    says: ({ file, cause }) =>
      `what the sources say is served but could not be written to ${file}: ${causeText(cause)}`,
    fields: ({ file }) => ({ component: "sources", file }),
  },
  "service-unsupplied": {
    level: "error",
    says: ({ service, problems }) => `${service}: ${problems.map(problemText).join("; ")}`,
    fields: ({ service }) => ({ component: "sources", service }),
  },
  "service-withheld": {
    level: "warn",
    says: ({ service, missing }) => `${service} is not served before these have answered: ${missing.join(", ")}`,
    fields: ({ service, missing }) => ({ component: "sources", service, missing }),
  },
  "service-incomplete": {
    level: "warn",
    says: ({ service, missing }) => `${service} is served without what these would say: ${missing.join(", ")}`,
    fields: ({ service, missing }) => ({ component: "sources", service, missing }),
  },
  "service-complete": {
    level: "info",
    says: ({ service }) => `all endpoints of ${service} are known`,
    fields: ({ service }) => ({ component: "sources", service }),
  },
  "lease-expired": {
    level: "warn",
    says: ({ service, id }) => `${service}/${id} did not renew its lease and is removed`,
    fields: ({ service, id }) => ({ component: "registry", service, id }),
  },
  "registry-damaged": {
    level: "error",
    says: ({ file, keptAs, cause }) =>
      `${file} cannot be read, it is kept as ${keptAs} and the registry begins empty: ${causeText(cause)}`,
    fields: ({ file, keptAs }) => ({ component: "registry", file, keptAs }),
  },
  "registry-unsaved": {
    level: "error",
    says: ({ file, cause }) => `registrations are served but could not be written to ${file}: ${causeText(cause)}`,
    fields: ({ file }) => ({ component: "registry", file }),
  },

  "documents-changed": {
    level: "info",
    says: ({ entry }) => `r${entry.revision} by ${entry.by}: ${changesText(entry.changes)}`,
    fields: ({ entry: { revision, by, through, reason } }) => ({
      component: "policy",
      revision,
      by,
      through,
      reason: reason || undefined,
    }),
    counts: ({ entry }, { applies }) => applies.inc({ source: entry.through, result: "done" }),
  },
  "documents-refused": {
    level: "warn",
    says: ({ by, problems }) =>
      `documents of ${by} refused, nothing changed: ${shortened(problems.map(problemText).join("; "))}`,
    fields: ({ by, through, problems }) => ({ component: "policy", by, through, problems: problems.length }),
    counts: ({ through }, { applies }) => applies.inc({ source: through, result: "refused" }),
  },
  "documents-recovered": {
    level: "error",
    says: ({ says }) => says,
    fields: () => ({ component: "policy" }),
  },

  published: {
    level: "debug",
    says: ({ viewer, changed, removed }) => `${viewer}: ${changed} resources changed, ${removed} removed`,
    fields: ({ viewer, revision, changed, removed, tookMs }) => ({
      component: "snapshot",
      revision,
      viewer,
      changed,
      removed,
      tookMs: rounded(tookMs),
    }),
    counts: ({ tookMs }, { buildSeconds }) => buildSeconds.observe(tookMs / 1000),
  },
  withheld: {
    level: "error",
    says: ({ viewer, cause }) =>
      `${viewer} keeps its last snapshot, the new one could not be made: ${causeText(cause)}`,
    fields: ({ viewer, revision, cause }) => ({ component: "snapshot", revision, viewer, stack: cause.stack }),
    counts: (_note, { withheld }) => withheld.inc(),
  },
  "left-out": {
    level: "warn",
    says: ({ service, viewer, problems }) =>
      `${service} is left out for ${viewer}: ${problems.map(problemText).join("; ")}`,
    fields: ({ viewer, service }) => ({ component: "translate", viewer, service }),
    again: ({ viewer, service, problems }) => `${viewer} ${service} ${problems.map(problemText).join()}`,
  },
  dangling: {
    level: "warn",
    says: ({ viewer, from, to }) => `${viewer}: ${from} names ${to}, which is not there`,
    fields: ({ viewer, from, to }) => ({ component: "snapshot", viewer, from, to }),
    again: ({ viewer, from, to }) => `${viewer} ${from} ${to}`,
  },

  "client-connected": {
    level: "info",
    says: ({ agent, protocol, peer }) => `${agent} connected from ${peer} (${protocol})`,
    fields: ({ nodeId, client, protocol, peer }) => ({ component: "xds", node: nodeId, client, protocol, peer }),
  },
  "client-disconnected": {
    level: "info",
    says: ({ forMs, cause }) => `client gone after ${Math.round(forMs / 1000)} s: ${shortened(cause)}`,
    fields: ({ nodeId, client, protocol, peer, forMs }) => ({
      component: "xds",
      node: nodeId,
      client,
      protocol,
      peer,
      forMs: rounded(forMs),
    }),
    counts: ({ forMs }, { streamSeconds }) => streamSeconds.observe(forMs / 1000),
  },
  "client-refused": {
    level: "warn",
    says: ({ peer, reason }) => `client at ${peer} refused: ${shortened(reason)}`,
    fields: ({ peer }) => ({ component: "xds", peer }),
    counts: (_note, { refusedClients }) => refusedClients.inc(),
  },
  "client-failed": {
    level: "error",
    says: ({ cause }) => `the stream of a client is ended by a fault of ours: ${faultText(cause)}`,
    fields: ({ peer, nodeId, cause }) => ({
      ...{ component: "xds", peer, node: nodeId },
      stack: cause instanceof Error ? cause.stack : undefined,
    }),
    counts: (_note, { failedClients }) => failedClients.inc(),
    again: ({ cause }) => faultText(cause),
  },
  "connections-refused": {
    level: "warn",
    says: ({ count, peer, says }) => refusedText("connection", count, peer, says),
    fields: ({ count, reasons, peer }) => ({ component: "xds", count, ...reasons, peer }),
    counts: ({ reasons }, { refusedConnections }) => {
      for (const [reason, count] of Object.entries(reasons)) refusedConnections.inc({ reason }, count);
    },
  },
  "streams-refused": {
    level: "warn",
    says: ({ count, peer, says }) => refusedText("stream", count, peer, says),
    fields: ({ count, reasons, peer }) => ({ component: "xds", count, ...reasons, peer }),
    counts: ({ reasons }, { refusedStreams }) => {
      for (const [reason, count] of Object.entries(reasons)) refusedStreams.inc({ reason }, count);
    },
  },
  "client-slow": {
    level: "warn",
    says: ({ type, forMs }) =>
      `client did not answer the ${type} for ${Math.round(forMs / 1000)} s; its stream is ended`,
    fields: ({ nodeId, client, peer, type, forMs }) => ({ component: "xds", node: nodeId, client, peer, type, forMs }),
  },
  subscribed: {
    level: "debug",
    says: ({ names }) => `client asks for ${names === "all" ? "all resources" : `${names} names`}`,
    fields: ({ nodeId, type, names, client }) => ({ component: "xds", node: nodeId, type, names, client }),
  },
  sent: {
    level: "debug",
    says: ({ resources, removed }) => `sent ${resources} resources, removed ${removed}`,
    fields: ({ nodeId, type, version, nonce, revision, resources, removed, bytes, client }) => ({
      ...{ component: "xds", node: nodeId, type, version, nonce, revision },
      ...{ resources, removed, bytes, client },
    }),
    counts: ({ type, bytes }, { pushes, responseBytes }) => {
      pushes.inc({ type });
      if (bytes !== undefined) responseBytes.observe({ type }, bytes);
    },
  },
  acked: {
    level: "debug",
    says: () => "client accepted",
    fields: ({ nodeId, type, version, nonce, client }) => ({
      component: "xds",
      node: nodeId,
      type,
      version,
      nonce,
      client,
    }),
    counts: ({ type }, { acks }) => acks.inc({ type }),
  },
  rejected: {
    level: "warn",
    says: ({ reason }) => `client rejected and keeps what it had: ${shortened(reason)}`,
    fields: ({ nodeId, type, version, nonce, names, client }) => ({
      ...{ component: "xds", node: nodeId, type, version, nonce },
      ...{ names: names.slice(0, 20), client },
    }),
    counts: ({ type }, { nacks }) => nacks.inc({ type }),
  },
  "stale-nonce": {
    level: "debug",
    says: () => "client answered a response that is no longer the newest",
    fields: ({ nodeId, type, nonce, client }) => ({
      component: "xds",
      node: nodeId,
      type,
      nonce: shortened(nonce),
      client,
    }),
  },
  "unknown-type": {
    level: "warn",
    says: ({ typeUrl }) => `client asks for ${shortened(typeUrl)}, which is not served`,
    fields: ({ nodeId, typeUrl, client }) => ({ component: "xds", node: nodeId, type: shortened(typeUrl), client }),
    again: ({ nodeId, typeUrl }) => `${nodeId} ${shortened(typeUrl)}`,
  },

  "load-reporter-connected": {
    level: "debug",
    says: ({ peer }) => `client reports its loads from ${peer}`,
    fields: ({ nodeId, client, peer }) => ({ component: "loads", node: nodeId, client, peer }),
  },
  "load-reporter-gone": {
    level: "debug",
    says: ({ cause }) => `client reports no loads any more: ${shortened(cause)}`,
    fields: ({ nodeId, client, peer }) => ({ component: "loads", node: nodeId, client, peer }),
  },
  "load-reporter-refused": {
    level: "warn",
    says: ({ peer, reason }) => `load reports of the client at ${peer} refused: ${shortened(reason)}`,
    fields: ({ peer }) => ({ component: "loads", peer }),
    counts: (_note, { refusedClients }) => refusedClients.inc(),
  },
  "load-reported": {
    level: "debug",
    says: ({ clusters }) => `client reported the loads of ${clusters} clusters`,
    fields: ({ nodeId, client, clusters, bytes }) => ({ component: "loads", node: nodeId, client, clusters, bytes }),
    counts: (_note, { loadReports }) => loadReports.inc(),
  },
  "load-left-out": {
    level: "warn",
    says: ({ rows }) => `${rows} localities and endpoints of a load report are left out: more are told than are kept`,
    fields: ({ nodeId, client, rows }) => ({ component: "loads", node: nodeId, client, rows }),
    counts: ({ rows }, { loadLeftOut }) => loadLeftOut.inc(rows),
    again: ({ nodeId }) => nodeId,
  },
  "load-interval": {
    level: "info",
    says: ({ intervalMs, reporters }) => `${reporters} clients are to report their loads every ${intervalMs / 1000} s`,
    fields: ({ intervalMs, reporters }) => ({ component: "loads", intervalMs, reporters }),
  },
  "status-asked": {
    level: "debug",
    says: ({ peer, clients }) => `${peer} asks for the status of ${clients} clients`,
    fields: ({ peer, clients }) => ({ component: "status", peer, clients }),
  },
  "status-refused": {
    level: "warn",
    says: ({ peer, reason }) => `${peer} is not told the status of clients: ${shortened(reason)}`,
    fields: ({ peer }) => ({ component: "status", peer }),
    again: ({ peer }) => peer.replace(/:\d+$/, ""),
  },

  "operator-answered": {
    // A probe that asks too early is told so; that is no error.
    level: ({ code, route }) => (code >= 500 && route !== "/readyz" ? "error" : "debug"),
    says: ({ method, route, code }) => `${method} ${route} answered ${code}`,
    fields: ({ method, route, code, tookMs }) => ({
      component: "operator",
      method,
      route,
      code,
      tookMs: rounded(tookMs),
    }),
    counts: ({ method, route, code, tookMs }, { operatorRequests, operatorSeconds }) => {
      operatorRequests.inc({ method, route, code: String(code) });
      operatorSeconds.observe({ method, route }, tookMs / 1000);
    },
  },
  "operator-failed": {
    level: "error",
    says: ({ method, route, cause }) => `${method} ${route} failed: ${causeText(cause)}`,
    fields: ({ method, route, cause }) => ({ component: "operator", method, route, stack: cause.stack }),
  },

  converged: {
    level: "info",
    says: ({ revision, clients, tookMs }) =>
      `r${revision} is held by all ${clients} clients after ${Math.round(tookMs)} ms`,
    fields: ({ revision, clients, tookMs }) => ({ component: "xds", revision, clients, tookMs: rounded(tookMs) }),
    counts: ({ tookMs }, { convergenceSeconds }) => convergenceSeconds.observe(tookMs / 1000),
  },
  "not-converged": {
    level: "warn",
    says: ({ revision, acked, clients, tookMs }) =>
      `r${revision}: ${clients - acked} of ${clients} clients have not answered after ${Math.round(tookMs / 1000)} s; GET /v1/clients names them`,
    fields: ({ revision, acked, clients, tookMs }) => ({
      component: "xds",
      revision,
      acked,
      clients,
      tookMs: rounded(tookMs),
    }),
    counts: ({ tookMs }, { convergenceSeconds }) => convergenceSeconds.observe(tookMs / 1000),
  },

  listening: {
    level: "info",
    says: ({ server, address }) => `${server} listens on ${address}`,
    fields: ({ server, address }) => ({ component: "process", server, address }),
  },
  waiting: {
    level: "info",
    says: (note) => `nothing is served before these have answered: ${note.for.join(", ")}`,
    fields: (note) => ({ component: "process", for: note.for }),
    again: (note) => note.for.join(),
  },
  serving: {
    level: "info",
    says: ({ revision, services, afterMs }) =>
      `serving ${services} services of r${revision}, ${Math.round(afterMs)} ms after the start`,
    fields: ({ revision, services, afterMs }) => ({
      component: "process",
      revision,
      services,
      afterMs: rounded(afterMs),
    }),
  },
  "log-level-set": {
    level: "info",
    says: ({ level, by }) => `log level set to ${level} by ${by}`,
    fields: ({ level, by }) => ({ component: "process", set: level, by }),
  },
  "traces-lost": {
    level: "warn",
    says: ({ says }) => `traces could not be exported: ${shortened(says)}`,
    fields: () => ({ component: "telemetry" }),
    again: () => "",
  },
  stopping: {
    level: "info",
    says: ({ cause }) => `stopping: ${cause}`,
    fields: () => ({ component: "process" }),
  },
  failed: {
    level: "error",
    says: ({ cause }) => causeText(cause),
    fields: ({ cause }) => ({ component: "process", stack: cause.stack }),
  },
};

/** Turns each note into a line of the log, if that level is on, and into counts. */
export function createObserve({
  log,
  metrics,
  traceOf,
  now,
}: {
  readonly log: Log;
  readonly metrics: Metrics;
  /** The trace of a revision, while its change is being traced. */
  readonly traceOf: (revision: number) => string | undefined;
  readonly now: () => number;
}): Observe {
  const isRepeat = createRepeats(now);
  return (note) => {
    const row = rowOf(note);
    row.counts?.(note, metrics);
    const level = typeof row.level === "function" ? row.level(note) : row.level;
    if (!log.isOn(level) || (row.again && isRepeat(`${note.kind} ${row.again(note)}`))) return;
    const fields = row.fields(note);
    const trace_id = fields.revision === undefined ? undefined : traceOf(fields.revision);
    log.write(level, row.says(note), trace_id === undefined ? fields : { ...fields, trace_id });
  };
}

/** The row that stands at a note's kind takes that kind of note; TypeScript cannot say so of a union. */
function rowOf(note: Note): Row<Note> {
  return table[note.kind] as unknown as Row<Note>;
}

function faultText(cause: unknown): string {
  return cause instanceof Error ? causeText(cause) : shortened(String(cause));
}

function refusedText(what: string, count: number, peer: string, says: string): string {
  return count === 1
    ? `the ${what} of ${peer} is refused: ${shortened(says)}`
    : `${count} ${what}s are refused; the last, of ${peer}: ${shortened(says)}`;
}

function changesText(
  changes: readonly { readonly documentKind: string; readonly name: string; readonly action: string }[],
): string {
  const shown = changes.slice(0, 10).map(({ documentKind, name, action }) => `${action} ${documentKind} ${name}`);
  return [...shown, ...(changes.length > 10 ? [`and ${changes.length - 10} more`] : [])].join(", ");
}
