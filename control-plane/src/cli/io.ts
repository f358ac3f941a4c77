import { userInfo } from "node:os";

/** What a command may touch of the process that it runs in. */
export type CliIo = {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Writes to standard output what is no text; resolves once more may be written. */
  readonly writeBytes: (bytes: Uint8Array) => Promise<void>;
  /** What `-f -` reads. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who changes things, for the journal: WEIR_ACTOR, else the system's user. */
  readonly actor: string;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Runs a control plane until the signal aborts; `options` are its flags by commander's names. Resolves to the exit code. */
  readonly serve: (options: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<number>;
};

export type Output = { write(text: string): unknown; readonly isTTY?: boolean | undefined };

/** The io of this process. `serve` is handed in, so that no other command loads the control plane. */
export function processIo(serve: CliIo["serve"]): CliIo {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  // A reader that goes away, as in `weir history | head`, is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  const { stdout, stderr, stdin, env } = process;
  const writeBytes = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  return {
    stdout,
    stderr,
    writeBytes,
    stdin,
    env,
    actor: env["WEIR_ACTOR"] || systemUser(),
    signal: stop.signal,
    serve,
  };
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return "unknown";
  }
}
