import type { LogLevel } from "../lib/log-level.ts";
import type { LogFields } from "./log.ts";

/** How lines of the log look. */
export type LogFormat = "json" | "ecs";

/** What stands in a line: stable keys in a stable order, then what is special to it. What is undefined is left out by JSON. */
export const lineOf: Readonly<
  Record<
    LogFormat,
    (at: Date, level: LogLevel, msg: string, fields: LogFields, service: string) => Readonly<Record<string, unknown>>
  >
> = {
  json: (at, level, msg, { component, node, type, version, nonce, revision, trace_id, ...more }) => ({
    ...{ ts: at.toISOString(), level, msg, component, node, type, version, nonce, revision, trace_id },
    ...more,
  }),
  // https://www.elastic.co/docs/reference/ecs/logging/intro: the first three and ecs.version are what every line must have.
  // What is ours stands under `weir`, lest it takes the name of a field that ECS gives another type.
  ecs: (
    at,
    level,
    message,
    { component, node, type, version, nonce, revision, trace_id, stack, ...more },
    service,
  ) => ({
    "@timestamp": at.toISOString(),
    "log.level": level,
    message,
    "ecs.version": "8.11.0",
    "service.name": service,
    "log.logger": component,
    "trace.id": trace_id,
    "error.stack_trace": stack,
    weir: { node, type, version, nonce, revision, ...more },
  }),
};
