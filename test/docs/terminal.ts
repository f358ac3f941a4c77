import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startProcess } from "../kit/process.ts";
import { inTime, until } from "../kit/wait.ts";

/** What a command printed and how it ended; `code` is 0 for one that goes on. */
export type Ran = { readonly code: number; readonly out: string; readonly err: string };

/** A terminal with bash in it: what one command exports or starts is there for the next. */
export type Terminal = AsyncDisposable & {
  /** Runs it to its end, or until it is `ready` when it goes on; what it asks is answered with y. */
  run(command: string, options?: { readonly goesOn?: GoesOn | undefined; readonly within?: number }): Promise<Ran>;
};

/** A program that does not end by itself. */
export type GoesOn = {
  /** What it prints once it can be used. */
  readonly ready: RegExp;
  /** Whether it is left running then, until the terminal is closed. */
  readonly stays: boolean;
};

// Each command is a file, read by `eval`, so that what it says stays what the page says, whatever quotes it has.
// Jobs have process groups of their own (`set -m`): npm, and what it started, end together.
const loop = `
set -m
trap 'for job in $(jobs -p); do kill -TERM -- "-$job" 2>/dev/null; done; wait 2>/dev/null' EXIT
while IFS= read -r step && [ -n "$step" ]; do
  eval "$(cat "$step.sh")" >"$step.out" 2>"$step.err" <"$step.in"
  echo "ended $step $?"
done`;

/** Opens one in a folder; `notes` is where it keeps what was printed. */
export async function openTerminal({
  folder,
  notes,
  env,
}: {
  readonly folder: string;
  readonly notes: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<Terminal> {
  await mkdir(notes, { recursive: true });
  const bash = startProcess({ name: "bash", command: "bash", args: ["--norc", "-c", loop], env, cwd: folder });
  let steps = 0;
  return {
    async run(command, { goesOn, within = 60_000 } = {}) {
      steps += 1;
      const step = join(notes, String(steps));
      const shell = goesOn ? `${guarded(command.replace(/\s*&$/, ""))} & echo $! > ${step}.pid` : command;
      await writeFile(`${step}.in`, "y\n");
      await writeFile(`${step}.sh`, shell);
      bash.write(step);
      const code = Number((await bash.line(new RegExp(`^ended ${step} \\d+$`), within)).split(" ").at(-1));
      const printed = async () => ({
        out: await readFile(`${step}.out`, "utf8"),
        err: await readFile(`${step}.err`, "utf8"),
      });
      if (goesOn) {
        const group = -Number(await readFile(`${step}.pid`, "utf8"));
        const isReady = async () => {
          const ended = !isAlive(group);
          return Object.values(await printed()).some((text) => goesOn.ready.test(text)) || ended;
        };
        await until(isReady, { within, everyMs: 100, what: `${command} prints ${goesOn.ready}` });
        if (!isAlive(group)) return { ...(await printed()), code: 1 };
        if (!goesOn.stays) process.kill(group, "SIGTERM");
      }
      return { code, ...(await printed()) };
    },
    async [Symbol.asyncDispose]() {
      // No step is the end of its loop; then it ends what it started.
      bash.write("");
      await inTime(bash.exit, 20_000, () => "bash and what it started have ended").catch(() => undefined);
      await bash[Symbol.asyncDispose]();
    },
  };
}

/** Ends with the terminal even where that is killed, and nobody is left to end it. */
function guarded(command: string): string {
  const guard = "(while kill -0 $$ 2>/dev/null; do sleep 1; done; kill -KILL 0)";
  return `{ ${guard} & guard=$!; ${command}\nended=$?; kill $guard; (exit $ended); }`;
}

function isAlive(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}
