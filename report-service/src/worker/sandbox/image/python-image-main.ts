// Makes a folder for sandboxes to start Python from: the memory of one that has started, and the code that V8 has made for it.
// V8 takes that code back only where it has the same flags, so this runs with those of a sandbox.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createFrameReader } from "../frame-reader.ts";
import { addDevice } from "../inside/add-device.ts";
import { frameOf } from "../inside/channel.ts";
import { packImage } from "../inside/memory-image.ts";
import { optimizedCodeFile, optimizedCodeOf } from "../inside/optimized-code.ts";
import { openPyodideScripts } from "../inside/pyodide-scripts.ts";
import { imageFiles, loadPython, type PythonParts, restorePython } from "../inside/start-python.ts";
import { type WasmModule, webAssembly } from "../inside/web-assembly.ts";
import type { SandboxMessage } from "../sandbox-message.ts";
import { answers, expectEnd, trainingJob, whileOptimizing } from "./train.ts";
import { writePyodideScripts } from "./write-pyodide-scripts.ts";

/** What kinds are likely to import; loaded once, into the snapshot. */
const standardModules = [
  ..."bisect calendar collections csv dataclasses datetime decimal enum fractions functools hashlib heapq io".split(
    " ",
  ),
  ..."itertools json math operator os random re statistics string textwrap traceback types typing uuid".split(" "),
];

const [pyodide = "", prelude = "", training = "", target = ""] = process.argv.slice(2);
await mkdir(target);
await writePyodideScripts(pyodide, target);
const { info } = JSON.parse(await readFile(join(pyodide, "pyodide-lock.json"), "utf8")) as { readonly info: object };
const lock = JSON.stringify({ info, packages: {} });
let module: WasmModule | undefined;
const parts: PythonParts = {
  ...{ pyodide, lock, scripts: openPyodideScripts(target) },
  compile(bytes) {
    module ??= new webAssembly.Module(bytes);
    return module;
  },
};
const memory = join(target, imageFiles.memory);
await writeFile(memory, await makeMemoryImage());
// Only with a module of its own: what nothing but a start without a snapshot calls would be read for nothing.
module = undefined;
await whileOptimizing(async () => {
  await runJob(await readFile(training, "utf8"), "done");
  await runJob("def report(parameters, rows):\n    raise ValueError('training')\n", "failed");
});
const code = module && optimizedCodeOf(module);
await writeFile(join(target, optimizedCodeFile), code ?? new Uint8Array());
await writeFile(join(target, imageFiles.lock), lock);
for (const [path, bytes] of parts.scripts.code()) await writeFile(path, bytes);
process.exit();

async function makeMemoryImage(): Promise<Uint8Array> {
  const python = await loadPython(parts);
  python.runPython(`import ${standardModules.join(", ")}`);
  python.runPython(await readFile(prelude, "utf8"));
  const snapshot = python.makeMemorySnapshot();
  // Of its header, which Pyodide wants whole, the second number is the size.
  const [, headLength = 0] = new Uint32Array(snapshot.buffer, snapshot.byteOffset, 2);
  const [head, image] = [snapshot.slice(0, headLength), snapshot.subarray(headLength)];
  let found = new Uint8Array();
  await loadPython(parts, {
    snapshot: head,
    restore(own) {
      found = own.slice();
      own.set(image);
    },
  });
  return packImage(head, image, found);
}

/** As a sandbox does. */
async function runJob(code: string, end: SandboxMessage["kind"]): Promise<void> {
  const python = await restorePython(parts, memory);
  const unread = Buffer.concat([trainingJob(code), ...answers].map((one) => frameOf(JSON.stringify(one))));
  let at = 0;
  let last: unknown;
  const said = createFrameReader();
  addDevice(python, "/dev/weir", {
    read(bytes) {
      const read = unread.copy(bytes, 0, at);
      at += read;
      return read;
    },
    write(bytes) {
      last = [...said(Buffer.from(bytes))].at(-1) ?? last;
    },
  });
  python.setInterruptBuffer(new Uint8Array(1));
  try {
    python.runPython('import os; os.urandom(1); _weir_serve("/dev/weir")');
  } catch {
    // Emscripten's way out of a program that has left.
  }
  expectEnd(last, end);
}
