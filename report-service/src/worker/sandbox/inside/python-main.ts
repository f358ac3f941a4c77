// The process in which a kind's Python code runs, once: in CPython on WebAssembly. Its worker starts it with nothing
// but a socket and may kill it at any time.
import type { SandboxJob } from "../sandbox-job.ts";
import { addDevice } from "./add-device.ts";
import { capMemory } from "./cap-memory.ts";
import { frameOf, readFrame, readSome, writeAll } from "./channel.ts";
import { gateRules } from "./gate-rules.ts";
import { ignoreSignals } from "./ignore-signals.ts";
import { installImportGate } from "./import-gate.ts";
import { createPauses } from "./pause.ts";
import { sealProcess } from "./seal-process.ts";
import { startPython } from "./start-python.ts";

const channelPath = "/dev/weir";

ignoreSignals();
const [pyodide = "", image = "", scheduling] = process.argv.slice(2);
// Python asks for signals every few dozen of its steps, and more often where it makes texts of numbers.
const pause = scheduling === "idle" ? createPauses(16) : undefined;
const leave = process.exit.bind(process);
const gate = installImportGate({ _Py_CheckEmscriptenSignals_Helper: noSignal });
let memoryBytes = Number.POSITIVE_INFINITY;
capMemory(() => memoryBytes);
const python = await startPython(pyodide, image);
let unread: Uint8Array | undefined;

addDevice(python, channelPath, {
  read(target) {
    // The first time Python waits for its job: nothing of that has run yet.
    if (unread === undefined) {
      const job = readFrame() ?? leave(0);
      close(job);
      unread = frameOf(job);
    }
    if (unread.length === 0) return readSome(target);
    const read = Math.min(unread.length, target.length);
    target.set(unread.subarray(0, read));
    unread = unread.subarray(read);
    return read;
  },
  write: writeAll,
});
if (pause) python.setInterruptBuffer(new Uint8Array(1));
// What random numbers are drawn from is opened with the first of them.
python.runPython("import os; os.urandom(1)");
sealProcess();
try {
  python.runPython(`_weir_serve("${channelPath}")`);
} catch (error) {
  fail(`the interpreter broke: ${(error as Error).message}`);
}

/** Takes the job's limits from its frame, which Python then reads, and leaves Python nothing but what the rules let through. */
function close(job: string): void {
  memoryBytes = (JSON.parse(job) as SandboxJob).memoryBytes;
  const rules = { ...gateRules, proc_exit: () => leave(0) };
  gate.close(rules, (name) => fail(`the code tried to leave its sandbox (${name})`));
}

function noSignal(): number {
  pause?.();
  return 0;
}

function fail(message: string): never {
  writeAll(frameOf(JSON.stringify({ kind: "failed", reason: "RENDER_FAILED", message })));
  return leave(0);
}
