import type { Log, LogLevel } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Note } from "./note.ts";

export type Observer = {
  readonly observe: (note: Note) => void;
  /** From now on notes are counted, too. */
  countWith(metrics: Metrics): void;
};

/** Turns what the service reports into log lines and metrics; this file and `metrics` choose all words, levels and labels. */
export function createObserve(log: Log): Observer {
  let metrics: Metrics | undefined;
  return {
    observe(note) {
      metrics?.count(note);
      const { level, component, msg } = lineOf(note);
      if (log.isOn(level)) log.write(level, component, msg, fieldsOf(note, level === "error"));
    },
    countWith(given) {
      metrics = given;
    },
  };
}

type Line = { readonly level: LogLevel; readonly component: string; readonly msg: string };

function lineOf(note: Note): Line {
  switch (note.kind) {
    case "call-ended":
      return line("debug", "api", "call ended");
    case "call-broke":
      return line("error", "api", "a call met an unexpected error");
    case "fault-on":
      return line("warn", "api", "answering with the fault of the fault file");
    case "fault-off":
      return line("warn", "api", "answering normally again");
    case "fault-file-wrong":
      return line("warn", "api", "the fault file cannot be read; what was in force stays");
    case "registered":
      return line("info", "presence", "registered");
    case "registration-failed":
      return line("warn", "presence", "cannot register; trying again");
    case "left":
      return line("info", "presence", "left the registry");
    case "leave-failed":
      return line("warn", "presence", "cannot leave the registry; its lease will end");
    case "job-started":
      return line("debug", "worker", "job started");
    case "job-ended":
      return line(note.end === "succeeded" ? "debug" : "warn", "worker", `job ${note.end}`);
    case "results-written":
      return line("debug", "writer", "wrote results");
    case "result-refused":
      return line("warn", "writer", "a result came too late and was dropped");
    case "result-dropped":
      return line("error", "writer", "the store does not take this result; its report will be tried again");
    case "writer-stumbled":
      return line("error", "writer", "the writer met an unexpected error and goes on");
    case "code-starved":
      return line(
        "info",
        "worker",
        "code got too little of the CPU time that nobody else wants, and starts again with its share",
      );
    case "code-not-idle":
      return line("info", "worker", "code of kinds has CPU time as others have it");
    case "gave-up":
      return line("error", "worker", "a report lost its worker too often and failed");
    case "circuit-opened":
      return line("error", "worker", "a circuit has opened: for now nothing of this is made");
    case "circuit-closed":
      return line("info", "worker", "a circuit has closed: this is made again");
    case "worker-stumbled":
      return line("error", "worker", "the worker met an unexpected error and goes on");
    case "object-call-ended":
      return line("debug", "objects", "object call ended");
    case "object-call-broke":
      return line("error", "objects", "serving an object met an unexpected error");
    case "artifact-not-here":
      return line("debug", "objects", "bytes were asked for that another data center made and that are not here");
    case "publishing-failed":
      return line("error", "broker", "cannot publish what is queued; it stays in the store's outbox, trying again");
    case "published-again":
      return line("warn", "broker", "publishing works again");
    case "receiving-failed":
      return line("error", "broker", "cannot receive from the broker; looking into the store, trying again");
    case "broker-refuses":
      return line("error", "broker", "the broker refuses this until somebody mends it; nothing is lost meanwhile");
    case "broker-takes-again":
      return line("warn", "broker", "the broker takes again what it refused");
    case "message-unreadable":
      return line("warn", "broker", "a message is none of ours and was passed over");
    case "cleaned":
      return line("info", "cleaner", "cleaned");
    case "clean-failed":
      return line("error", "cleaner", "cannot clean this now; trying again at the next round");
    case "clean-ended":
      return line("debug", "cleaner", "a round of cleaning has ended");
    case "clock-differs":
      return line("warn", "clock", "this machine's clock differs from the store's; going on by the store's");
    case "clock-agrees":
      return line("info", "clock", "this machine's clock agrees with the store's again");
    case "clock-jumped":
      return line("warn", "clock", "the clock that the servers go by was set; following it");
    case "report-read":
      return line("debug", "cache", "read a report");
    case "redis-lost":
      return line("warn", "redis", "Redis does not answer; going on without it");
    case "redis-back":
      return line("warn", "redis", "Redis answers again");
    case "peer-changed":
      return line("warn", "peers", "another data center's database is reached otherwise than before");
    case "peer-failed":
      return line("error", "peers", "another data center's database does not do what it should; going on without it");
    case "notice-ended":
      return note.end === "delivered"
        ? line("debug", "notifier", "told a receiver")
        : line("error", "notifier", "a receiver could not be told and will not be");
    case "notice-failed":
      return line("warn", "notifier", "cannot tell a receiver; trying again");
    case "notifier-stumbled":
      return line("error", "notifier", "the notifier met an unexpected error and goes on");
    case "notify-secrets-wrong":
      return line("error", "notifier", "the secrets for notices cannot be read; what was in force stays");
    case "serving":
      return line("info", "server", "serving");
    case "draining":
      return line("info", "server", "draining");
    case "stopped":
      return line("info", "server", "stopped");
  }
}

function line(level: LogLevel, component: string, msg: string): Line {
  return { level, component, msg };
}

/** The note's own fields; an error as its message with those of its causes. */
function fieldsOf({ kind: event, ...fields }: Note, withStack: boolean): Readonly<Record<string, unknown>> {
  const { cause, ...others } = fields as { readonly cause?: Error; readonly [name: string]: unknown };
  return { event, ...others, ...(cause && { error: messagesOf(cause), ...(withStack && { stack: cause.stack }) }) };
}

function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messagesOf(error.cause)}`;
}
