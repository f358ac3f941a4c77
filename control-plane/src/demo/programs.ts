import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, lastWords, startChild } from "./child.ts";
import type { Env } from "./demo-io.ts";

/** Starts the demo's programs: each with a log file of its own and an environment that says nothing of the user's Weir. */
export type Programs = {
  /** A program of any kind. */
  start(name: string, command: string, args: readonly string[], more?: ProgramOptions): Promise<Child>;
  /** A TypeScript file, named relative to this folder. */
  startNode(name: string, script: string, args: readonly string[], more?: ProgramOptions): Promise<Child>;
  /** The same for one that prints a line `{"ready":true…}`: `ready` settles with it, or fails with its last words. */
  startServer(name: string, script: string, args: readonly string[]): Promise<StartedServer>;
};

export type ProgramOptions = { readonly env?: Env; readonly onLine?: (line: string) => void };

export type StartedServer = { readonly child: Child; readonly ready: Promise<ReadyLine> };

export type ReadyLine = Readonly<Record<string, unknown>>;

export function createPrograms(logs: string, env: Env): Programs {
  const start: Programs["start"] = (name, command, args, { env: more, onLine } = {}) =>
    startChild({
      name,
      command,
      args,
      env: { ...withoutOwn(env), ...more },
      logFile: join(logs, `${name}.log`),
      ...(onLine && { onLine }),
    });
  const startNode: Programs["startNode"] = (name, script, args, more) =>
    start(name, process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], more);
  return {
    start,
    startNode,
    async startServer(name, script, args) {
      const said = Promise.withResolvers<ReadyLine>();
      const onLine = (line: string) => {
        const ready = readyLine(line);
        if (ready) said.resolve(ready);
      };
      const child = await startNode(name, script, args, { onLine });
      const ended = child.exit.then(async (exit): Promise<never> => {
        throw new Error(await lastWords(child, exit));
      });
      const ready = Promise.race([said.promise, ended]);
      // Heard by whoever waits for it; an end that comes later is told by `exit`.
      ready.catch(() => undefined);
      return { child, ready };
    },
  };
}

/** The control plane of the demo is not the user's: WEIR_CONFIG or WEIR_XDS in the shell are meant for that one. */
function withoutOwn(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("WEIR_")));
}

function readyLine(line: string): ReadyLine | undefined {
  if (!line.startsWith("{")) return undefined;
  const said: ReadyLine = JSON.parse(line);
  return said["ready"] === true ? said : undefined;
}
