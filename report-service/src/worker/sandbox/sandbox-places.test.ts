import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { makeFolder } from "../../../../test/kit/folder.ts";
import { engineFlags } from "./engine-flags.ts";
import { findSandboxPlaces } from "./sandbox-places.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const quickjs = dirname(require.resolve("@jitl/quickjs-ng-wasmfile-release-sync"));
const pyodide = dirname(require.resolve("pyodide"));

// Says what V8 takes of what was made before: the module's code, and that of each script.
const probe = `
import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { restoreModule } from ${JSON.stringify(import.meta.resolve("./inside/optimized-code.ts"))};
const [, wasm, image, ...scripts] = process.argv;
const module = restoreModule(readFileSync(wasm), readFileSync(image + "/optimized-code"));
const taken = scripts.map((name) => {
  const path = image + "/" + name + ".script";
  const script = new Script(readFileSync(path, "utf8"), { cachedData: readFileSync(path + ".code") });
  return !script.cachedDataRejected;
});
console.log(JSON.stringify([module instanceof WebAssembly.Module, ...taken]));
`;

for (const { language, wasm, scripts } of [
  { language: "javascript", wasm: join(quickjs, "emscripten-module.wasm"), scripts: [] },
  { language: "python", wasm: join(pyodide, "pyodide.asm.wasm"), scripts: ["pyodide.mjs", "pyodide.asm.mjs"] },
] as const) {
  test(`${language} in a sandbox starts with the code that V8 made for it before, which V8 takes back with the same flags alone`, async () => {
    await using folder = await makeFolder("places");
    const image = (await findSandboxPlaces(language, folder.path)).arguments.at(-1) ?? "";
    const taken = async (flags: readonly string[]) => {
      const node = ["--no-warnings", ...flags, "--input-type=module", "--eval", probe, wasm, image, ...scripts];
      return JSON.parse((await run(process.execPath, node)).stdout) as readonly boolean[];
    };
    const all = (is: boolean) => [is, ...scripts.map(() => is)];
    assert.deepEqual(await taken(engineFlags), all(true));
    assert.deepEqual(await taken([...engineFlags, "--stack-size=900"]), all(false));
    assert.deepEqual(await taken([]), all(false));
  });
}
