import { problemText } from "../lib/parsed.ts";
import type { PaceNote } from "../pacing/pace-notes.ts";
import type { SourceNote } from "../sources/feed.ts";
import type { ServiceNote } from "../sources/service-notes.ts";
import { sourceLabels } from "./metrics.ts";
import type { Rows } from "./row.ts";
import { causeText, rounded } from "./text.ts";

/** What the sources of endpoints tell. */
export const sourceRows: Rows<SourceNote | ServiceNote | PaceNote> = {
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
  "source-repaired": {
    level: "error",
    says: ({ feed, endpoints }) =>
      `${feed}: a consistent read contradicted what the watch had said; its ${endpoints} endpoints count, and the leader is asked from now on`,
    fields: ({ source, feed, endpoints }) => ({ component: "sources", source, feed, endpoints }),
    counts: ({ source }, { sourceFailures }) => sourceFailures.inc(sourceLabels(source)),
  },
  "source-failed-over": {
    level: "warn",
    says: ({ source, from, to, cause }) => `${source}: ${to} is asked from now on, ${from} failed: ${causeText(cause)}`,
    fields: ({ source, from, to }) => ({ component: "sources", source, from, to }),
    again: ({ source, to }) => `${source} ${to}`,
  },
  "distances-unknown": {
    level: "warn",
    says: ({ source, cause }) =>
      `${source}: no network coordinates, what is known of distances stays; without any, declare them: ${causeText(cause)}`,
    fields: ({ source }) => ({ component: "sources", source }),
    again: ({ source }) => source,
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
    counts: (_, { unsaved }) => unsaved.inc(),
    again: ({ file, cause }) => `${file} ${causeText(cause)}`,
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
  "locality-held": {
    level: "info",
    says: ({ service, locality }) => `${service}: ${locality} came back; it is used again after a hold, step by step`,
    fields: ({ service, locality, percent }) => ({ component: "sources", service, locality, percent }),
  },
  "locality-used": {
    level: "info",
    says: ({ service, locality }) => `${service}: nothing of ${locality} is held back any more`,
    fields: ({ service, locality }) => ({ component: "sources", service, locality }),
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
  "registry-unshared": {
    level: "warn",
    says: ({ where, cause }) =>
      `registrations could not be shared with the other replicas through ${where}, it is tried on: ${causeText(cause)}`,
    fields: ({ where }) => ({ component: "registry", where }),
    again: ({ where }) => where,
  },
  "registry-unsaved": {
    level: "error",
    says: ({ file, cause }) => `registrations are served but could not be written to ${file}: ${causeText(cause)}`,
    fields: ({ file }) => ({ component: "registry", file }),
  },
};
