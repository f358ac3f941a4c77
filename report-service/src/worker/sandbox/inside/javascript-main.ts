// The process in which a kind's JavaScript runs, once: in QuickJS, an engine of its own on WebAssembly. Its worker
// starts it with nothing but a socket and may kill it at any time.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxJob } from "../sandbox-job.ts";
import { frameOf, readFrame, writeAll } from "./channel.ts";
import { ignoreSignals } from "./ignore-signals.ts";
import { compileNext, optimizedCodeFile, restoreModule } from "./optimized-code.ts";
import { createPauses } from "./pause.ts";
import { sealProcess } from "./seal-process.ts";
import { serveScript } from "./serve-script.ts";
import { startEngine } from "./start-engine.ts";

ignoreSignals();
const [core = "", variant = "", prelude = "", image = "", scheduling] = process.argv.slice(2);
const leave = process.exit.bind(process);
const code = readFileSync(join(image, optimizedCodeFile));
compileNext((bytes) => restoreModule(bytes, code));
const engine = await startEngine(core, variant);
const preludeText = readFileSync(prelude, "utf8");
sealProcess();

write(JSON.stringify({ kind: "ready" }));
const job = JSON.parse(read()) as SandboxJob;
serveScript(engine, preludeText, job, { read, write, pause: scheduling === "idle" ? createPauses() : undefined });
leave(0);

function read(): string {
  return readFrame() ?? leave(0);
}

function write(text: string): void {
  writeAll(frameOf(text));
}
