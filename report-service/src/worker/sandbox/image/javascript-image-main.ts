// Makes a folder for sandboxes to start QuickJS from: the code that V8 has made for it. V8 takes that back only where it has the
// same flags, so this runs with those of a sandbox.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileNext, optimizedCodeFile, optimizedCodeOf } from "../inside/optimized-code.ts";
import { serveScript } from "../inside/serve-script.ts";
import { startEngine } from "../inside/start-engine.ts";
import { type WasmModule, webAssembly } from "../inside/web-assembly.ts";
import { answers, expectEnd, trainingJob, whileOptimizing } from "./train.ts";

const [core = "", variant = "", prelude = "", training = "", target = ""] = process.argv.slice(2);
const preludeText = await readFile(prelude, "utf8");
const jobs = [
  { code: await readFile(training, "utf8"), end: "done" },
  { code: "function* report() { throw new TypeError('training'); }", end: "failed" },
] as const;
await mkdir(target);
let module: WasmModule | undefined;
compileNext((bytes) => {
  module = new webAssembly.Module(bytes);
  return module;
});
await whileOptimizing(async () => {
  const engine = await startEngine(core, variant);
  for (const { code, end } of jobs) {
    const unread = answers.map((answer) => JSON.stringify(answer));
    let last = "";
    serveScript(engine, preludeText, trainingJob(code), {
      read: () => unread.shift() ?? "",
      write(text) {
        last = text;
      },
      pause: () => {},
    });
    expectEnd(JSON.parse(last), end);
  }
});
const code = module && optimizedCodeOf(module);
await writeFile(join(target, optimizedCodeFile), code ?? new Uint8Array());
