// The process in which a kind's JavaScript runs, once: in QuickJS, an engine of its own on WebAssembly. Its worker
// starts it with nothing but a socket and may kill it at any time.
import { readFileSync } from "node:fs";
import type * as Core from "quickjs-emscripten-core";
import type { SandboxJob } from "../sandbox-job.ts";
import { capMemory } from "./cap-memory.ts";
import { frameOf, readFrame, writeAll } from "./channel.ts";
import { ignoreSignals } from "./ignore-signals.ts";
import { createPauses } from "./pause.ts";
import { sealProcess } from "./seal-process.ts";

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

ignoreSignals();
const [core = "", variant = "", prelude = "", scheduling] = process.argv.slice(2);
const leave = process.exit.bind(process);
const { newQuickJSWASMModuleFromVariant } = (await import(core)) as typeof Core;
const engine = await newQuickJSWASMModuleFromVariant(import(variant) as Promise<Core.QuickJSSyncVariant>);
const preludeText = readFileSync(prelude, "utf8");
sealProcess();

say({ kind: "ready" });
const job = JSON.parse(readFrame() ?? leave(0)) as SandboxJob;
try {
  run(job);
} catch (error) {
  if (error instanceof ScriptError) say(failureOf(error.thrown, job.file));
  else say({ kind: "failed", reason: "RENDER_FAILED", message: `the engine broke: ${(error as Error).message}` });
}
leave(0);

function run({ code, file, memoryBytes, parameters, columns }: SandboxJob): void {
  capMemory(() => memoryBytes + engineBytes);
  const runtime = engine.newRuntime();
  runtime.setMemoryLimit(memoryBytes);
  runtime.setMaxStackSize(stackBytes);
  if (scheduling === "idle") runtime.setInterruptHandler(createPauses());
  const context = runtime.newContext();
  const { undefined: nothing } = context;

  function resultOf(result: ReturnType<typeof context.evalCode>): Core.QuickJSHandle {
    if (!result.error) return result.value;
    // Room to say what is wrong for a script that has used all of it.
    runtime.setMemoryLimit(memoryBytes + engineBytes / 2);
    throw new ScriptError(context.dump(result.error));
  }

  const write = context.newFunction("write", (text) => writeAll(frameOf(context.getString(text))));
  const read = context.newFunction("read", () => context.newString(readFrame() ?? leave(0)));
  const makeServe = resultOf(context.evalCode(preludeText, "prelude.js"));
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

function say(message: object): void {
  writeAll(frameOf(JSON.stringify(message)));
}
