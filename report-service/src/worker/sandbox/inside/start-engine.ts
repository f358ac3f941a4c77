import type * as Core from "quickjs-emscripten-core";

/** QuickJS from `core` and `variant`, the entries of its two packages. */
export async function startEngine(core: string, variant: string): Promise<Core.QuickJSWASMModule> {
  const { newQuickJSWASMModuleFromVariant } = (await import(core)) as typeof Core;
  return newQuickJSWASMModuleFromVariant(import(variant) as Promise<Core.QuickJSSyncVariant>);
}
