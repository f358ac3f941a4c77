/** What a module imports: by module and name. */
export type WasmImports = { readonly [module: string]: { readonly [name: string]: unknown } };

/** A module that is compiled, and holds no memory of its own yet. */
export type WasmModule = { readonly [Symbol.toStringTag]: "WebAssembly.Module" };

type WasmApi = {
  instantiate: (source: unknown, imports?: WasmImports) => Promise<unknown>;
  instantiateStreaming: unknown;
  Instance: new (module: unknown, imports?: WasmImports) => unknown;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: { readonly prototype: { grow(pages: number): number; readonly buffer: ArrayBuffer } };
};

/** The global `WebAssembly`, of which the types of Node say nothing. */
export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;
