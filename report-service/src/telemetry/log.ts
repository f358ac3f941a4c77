import type { Writable } from "node:stream";
import type { Logger } from "winston";

/** From the fewest lines to the most. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

/** `ecs`: the keys of the Elastic Common Schema, https://www.elastic.co/docs/reference/ecs/logging/intro */
export type LogFormat = "json" | "ecs";

export type Log = {
  /** Asked first, so that a line nobody wants costs neither its making nor its library. */
  isOn(level: LogLevel): boolean;
  write(level: LogLevel, component: string, msg: string, fields: Readonly<Record<string, unknown>>): void;
  /** From now on lines of this level and of those before it are written. */
  setLevel(level: LogLevel): void;
  level(): LogLevel;
} & AsyncDisposable;

/** JSON lines with stable keys (`ts level msg component node`, then what the line is about); winston is loaded for the first. */
export function createLog(first: LogLevel, node: string, to: Writable, format: LogFormat = "json"): Log {
  let highest = logLevels.indexOf(first);
  let logger: Promise<Logger> | undefined;
  return {
    isOn: (wanted) => logLevels.indexOf(wanted) <= highest,
    write(level, component, msg, fields) {
      const line = lineOf[format](new Date().toISOString(), level, component, msg, node, fields);
      logger ??= startLogger(to);
      void logger.then((ready) => ready.log({ level, message: "", line }));
    },
    setLevel(next) {
      highest = logLevels.indexOf(next);
    },
    level: () => logLevels[highest] ?? first,
    async [Symbol.asyncDispose]() {
      const ready = await logger;
      if (!ready) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      ready.once("finish", () => resolve()).end();
      await promise;
    },
  };
}

const lineOf: Readonly<
  Record<
    LogFormat,
    (
      at: string,
      level: LogLevel,
      component: string,
      msg: string,
      node: string,
      fields: Readonly<Record<string, unknown>>,
    ) => Readonly<Record<string, unknown>>
  >
> = {
  json: (ts, level, component, msg, node, fields) => ({ ts, level, msg, component, node, ...fields }),
  // What is ours stands under `weir`, lest it takes the name of a field that ECS gives another type.
  ecs: (at, level, component, message, node, { stack, ...fields }) => ({
    ...{ "@timestamp": at, "log.level": level, message, "ecs.version": "8.11.0" },
    ...{ "service.name": "weir-report-service", "service.node.name": node, "log.logger": component },
    "error.stack_trace": stack,
    weir: fields,
  }),
};

async function startLogger(to: Writable): Promise<Logger> {
  const { createLogger, format, transports } = await import("winston");
  return createLogger({
    level: "debug",
    format: format.printf(({ line }) => JSON.stringify(line)),
    transports: [new transports.Stream({ stream: to as NodeJS.WritableStream })],
  });
}
