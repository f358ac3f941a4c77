import type { OperatorNote } from "../operator/parts.ts";
import type { ChangeNote, ProcessNote } from "./note.ts";
import type { Rows } from "./row.ts";
import { causeText, rounded, shortened } from "./text.ts";

/** Operators' requests, changes on their way, and the life of the process. */
export const processRows: Rows<OperatorNote | ChangeNote | ProcessNote> = {
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
  "operator-open": {
    level: "warn",
    says: ({ address }) =>
      `the operator API on ${address} asks nobody who they are: whoever reaches it on this machine is admin; give admin.auth.tokens (docs/operate/who-may.md)`,
    fields: ({ address }) => ({ component: "operator", address }),
  },
  "operator-denied": {
    level: "warn",
    says: ({ name, method, route, reason }) => `${method} ${route} by ${name || "nobody known"} is denied: ${reason}`,
    fields: ({ name, method, route, reason }) => ({
      component: "operator",
      by: name || undefined,
      method,
      route,
      reason,
    }),
    // Who knocks without end gets a line in five minutes; the count of answers is in operator_requests_total.
    again: ({ name, method, route, reason }) => `${name} ${method} ${route} ${reason}`,
  },
  "tokens-read": {
    level: "info",
    says: ({ file, count }) => `${file} has changed: ${count} tokens count from now on`,
    fields: ({ file, count }) => ({ component: "operator", file, count }),
  },
  "tokens-refused": {
    level: "error",
    says: ({ file, says }) => `${file} is not taken, the tokens that it had before still count: ${says}`,
    fields: ({ file }) => ({ component: "operator", file }),
  },
  "issuer-away": {
    level: "error",
    says: ({ issuer, says }) =>
      `who logs in by ${issuer} is let in by the keys that are known already, and by none else: ${says}`,
    fields: ({ issuer, says }) => ({ component: "operator", issuer, cause: says }),
  },
  "issuer-keys-read": {
    level: "info",
    says: ({ issuer, count }) => `${issuer} signs with ${count} keys`,
    fields: ({ issuer, count }) => ({ component: "operator", issuer, count }),
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
