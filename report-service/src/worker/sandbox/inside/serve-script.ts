import type { QuickJSHandle, QuickJSWASMModule } from "quickjs-emscripten-core";
import type { SandboxJob } from "../sandbox-job.ts";
import { capMemory } from "./cap-memory.ts";

/** What a script has of its host: the texts of frames, and a function that is called again and again while it runs. */
export type ScriptHost = {
  readonly write: (text: string) => void;
  /** Waits for the next one. */
  readonly read: () => string;
  readonly pause: (() => void) | undefined;
};

// QuickJS counts what a script allocates; the module's memory holds its engine as well.
const engineBytes = 32 * 1024 * 1024;
// With more, V8's stack would overflow before QuickJS can tell the script of it.
const stackBytes = 192 * 1024;

class ScriptError extends Error {
  readonly thrown: unknown;
  constructor(thrown: unknown) {
    super("the script threw");
    this.thrown = thrown;
  }
}

/** Makes the report of a job, with `prelude` between its script and the host, and says what came of it. */
export function serveScript(engine: QuickJSWASMModule, prelude: string, job: SandboxJob, host: ScriptHost): void {
  try {
    run(engine, prelude, job, host);
  } catch (error) {
    const failure =
      error instanceof ScriptError
        ? failureOf(error.thrown, job.file)
        : { kind: "failed", reason: "RENDER_FAILED", message: `the engine broke: ${(error as Error).message}` };
    host.write(JSON.stringify(failure));
  }
}

function run(engine: QuickJSWASMModule, prelude: string, job: SandboxJob, host: ScriptHost): void {
  const { code, file, memoryBytes, parameters, columns } = job;
  capMemory(() => memoryBytes + engineBytes);
  const runtime = engine.newRuntime();
  runtime.setMemoryLimit(memoryBytes);
  runtime.setMaxStackSize(stackBytes);
  if (host.pause) runtime.setInterruptHandler(host.pause);
  const context = runtime.newContext();
  const { undefined: nothing } = context;

  function resultOf(result: ReturnType<typeof context.evalCode>): QuickJSHandle {
    if (!result.error) return result.value;
    // Room to say what is wrong for a script that has used all of it.
    runtime.setMemoryLimit(memoryBytes + engineBytes / 2);
    throw new ScriptError(context.dump(result.error));
  }

  const write = context.newFunction("write", (text) => host.write(context.getString(text)));
  const read = context.newFunction("read", () => context.newString(host.read()));
  const makeServe = resultOf(context.evalCode(prelude, "prelude.js"));
  const serve = resultOf(context.callFunction(makeServe, nothing, write, read));
  resultOf(context.evalCode(code, file));
  // A script's own `const` is no property of its global object.
  const report = resultOf(context.evalCode('typeof report === "function" ? report : undefined', "prelude.js"));
  const argument = context.newString(JSON.stringify({ parameters, columns, file }));
  resultOf(context.callFunction(serve, nothing, report, argument));
}

function failureOf(thrown: unknown, file: string): object {
  const { name, message, stack } = (typeof thrown === "object" && thrown !== null ? thrown : { message: thrown }) as {
    readonly [key: string]: unknown;
  };
  if (message === "out of memory") {
    return { kind: "failed", reason: "OUT_OF_MEMORY", message: "the code asked for more memory than its kind allows" };
  }
  const at = String(stack ?? "").match(new RegExp(`${file.replace(/\W/g, "\\$&")}:(\\d+)`))?.[1];
  const where = at === undefined ? "" : ` (${file}, line ${at})`;
  return { kind: "failed", reason: "RENDER_FAILED", message: `${name ?? "Error"}: ${message}`.slice(0, 2000) + where };
}
