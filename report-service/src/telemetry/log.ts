import type { Writable } from "node:stream";
import type { Logger } from "winston";

/** From the fewest lines to the most. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

export type Log = {
  /** Asked first, so that a line nobody wants costs neither its making nor its library. */
  isOn(level: LogLevel): boolean;
  write(level: LogLevel, component: string, msg: string, fields: Readonly<Record<string, unknown>>): void;
} & AsyncDisposable;

/** JSON lines with stable keys (`ts level msg component node`, then what the line is about); winston is loaded for the first. */
export function createLog(level: LogLevel, node: string, to: Writable): Log {
  const highest = logLevels.indexOf(level);
  let logger: Promise<Logger> | undefined;
  return {
    isOn: (wanted) => logLevels.indexOf(wanted) <= highest,
    write(level, component, msg, fields) {
      const ts = new Date().toISOString();
      logger ??= startLogger(to);
      void logger.then((ready) =>
        ready.log({ level, message: "", line: { ts, level, msg, component, node, ...fields } }),
      );
    },
    async [Symbol.asyncDispose]() {
      const ready = await logger;
      if (!ready) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      ready.once("finish", () => resolve()).end();
      await promise;
    },
  };
}

async function startLogger(to: Writable): Promise<Logger> {
  const { createLogger, format, transports } = await import("winston");
  return createLogger({
    level: "debug",
    format: format.printf(({ line }) => JSON.stringify(line)),
    transports: [new transports.Stream({ stream: to as NodeJS.WritableStream })],
  });
}
