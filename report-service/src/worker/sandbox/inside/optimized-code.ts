import { Script } from "node:vm";
import { type WasmModule, webAssembly } from "./web-assembly.ts";

/** Where `optimizedCodeOf` goes, in the folder that a sandbox starts from. */
export const optimizedCodeFile = "optimized-code";

/**
 * What V8's optimizing compiler has made of a module so far, for `restoreModule` in a process of the same Node, with the same
 * flags of V8 and on the same processor; undefined where this Node cannot say. Both take `--allow-natives-syntax`: V8 keeps such
 * code for browsers (https://v8.dev/blog/wasm-code-caching), and Node has no other name for it.
 */
export function optimizedCodeOf(module: WasmModule): Uint8Array | undefined {
  const code = native<ArrayBuffer>("(module) => %SerializeWasmModule(module)", module);
  return code && new Uint8Array(code);
}

/** A module of `bytes` with what was optimized before; undefined where V8 does not take that here. */
export function restoreModule(bytes: Uint8Array, code: Uint8Array): WasmModule | undefined {
  // Megabytes, which as a rule are all of their buffer.
  const own = code.length === code.buffer.byteLength ? code : code.slice();
  if (own.length === 0) return undefined;
  return native<WasmModule>("(code, bytes) => %DeserializeWasmModule(code, bytes)", own.buffer, bytes);
}

function native<Result>(source: string, ...given: readonly unknown[]): Result | undefined {
  try {
    return (new Script(source).runInThisContext() as (...given: readonly unknown[]) => Result | undefined)(...given);
  } catch {
    return undefined;
  }
}

/** Has the next module that comes as bytes compiled by `compile`, or by V8 where that gives none; `made` hears of its instance. */
export function compileNext(
  compile: (bytes: Uint8Array) => WasmModule | undefined,
  made: (instance: unknown) => void = () => {},
): void {
  const { instantiate } = webAssembly;
  webAssembly.instantiate = async (source, imports) => {
    // Pyodide compiles a small one itself before.
    if (!ArrayBuffer.isView(source)) return instantiate(source, imports);
    webAssembly.instantiate = instantiate;
    const bytes = source as Uint8Array;
    const module = compile(bytes) ?? new webAssembly.Module(bytes);
    const instance = await instantiate(module, imports);
    made(instance);
    return { module, instance };
  };
}
