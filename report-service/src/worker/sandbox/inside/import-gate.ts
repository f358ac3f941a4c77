import { type WasmImports, webAssembly } from "./web-assembly.ts";

/** What the gate lets WebAssembly call of its host. */
export type ImportGate = {
  /**
   * From now on calls are let through only as `rules` say. Everything else ends in `onEscape`, which must not return:
   * the module was stopped in the middle and is of no use any more.
   */
  close(rules: GateRules, onEscape: (name: string) => never): void;
};

/** By the name of the import. A number is answered without a call, as the errno or null pointer it stands for. */
export type GateRules = {
  readonly [name: string]: "pass" | number | ((...args: readonly number[]) => "pass" | number);
};

type HostFunction = (...args: unknown[]) => unknown;

/**
 * Puts itself between all WebAssembly modules that this process instantiates and the functions they import. Python on
 * WebAssembly reaches JavaScript through such functions alone, those put into its function table included, so what the
 * gate refuses no trick within Python brings back. What is asked so often that a look at the rules would cost too much is
 * answered by `instead`, by the name of the import, before the gate is closed and after.
 */
export function installImportGate(instead: { readonly [name: string]: () => number } = {}): ImportGate {
  const names = new Map<HostFunction, string>();
  let closed: { readonly rules: GateRules; readonly onEscape: (name: string) => never } | undefined;

  function guard(name: string, host: HostFunction): HostFunction {
    names.set(host, name);
    const answer = Object.hasOwn(instead, name) ? instead[name] : undefined;
    if (answer) return answer;
    return (...args) => {
      if (!closed) return host(...args);
      const rule = Object.hasOwn(closed.rules, name) ? closed.rules[name] : undefined;
      const verdict = typeof rule === "function" ? rule(...(args as number[])) : rule;
      if (verdict === "pass") return host(...args);
      return verdict ?? closed.onEscape(name);
    };
  }

  function guarded(imports: WasmImports | undefined): WasmImports | undefined {
    const modules = Object.entries(imports ?? {}).map(([module, values]) => [
      module,
      // Of its own kind: Emscripten's tables of global offsets answer to names that are not there yet.
      module.startsWith("GOT.") ? values : guardedModule(values),
    ]);
    return imports && (Object.fromEntries(modules) as WasmImports);
  }

  function guardedModule(values: WasmImports[string]): WasmImports[string] {
    const all = Object.entries(values).map(([name, value]) => {
      if (typeof value !== "function" || isExport(value)) return [name, value];
      // A function that goes into the table is wrapped in a module of its own, and known by another name there.
      return [name, guard(names.get(value as HostFunction) ?? name, value as HostFunction)];
    });
    return Object.fromEntries(all) as WasmImports[string];
  }

  const { instantiate, Instance } = webAssembly;
  webAssembly.instantiate = (source, imports) => instantiate(source, guarded(imports));
  webAssembly.instantiateStreaming = undefined;
  webAssembly.Instance = new Proxy(Instance, {
    construct: (target, [module, imports]) => new target(module, guarded(imports)) as object,
  });
  return {
    close(rules, onEscape) {
      closed = { rules, onEscape };
    },
  };
}

// What another module exports is WebAssembly itself; its name is the index of the function.
function isExport(value: object): boolean {
  return /^\d+$/.test((value as { readonly name?: string }).name ?? "");
}
