import { registerHooks } from "node:module";

/**
 * Takes from this process what reaches the network, other processes and code that is not loaded yet; files, addons,
 * threads and child processes the permission model has taken already. A wall behind walls: code of a kind runs in
 * WebAssembly and can call none of this.
 */
export function sealProcess(): void {
  registerHooks({
    resolve(specifier) {
      throw new Error(`a sandbox loads nothing more, and not ${specifier}`);
    },
  });
  for (const name of ["getBuiltinModule", "binding", "_linkedBinding", "dlopen", "kill", "chdir", "mainModule"]) {
    Reflect.deleteProperty(process, name);
  }
  for (const name of ["fetch", "WebSocket", "EventSource", "BroadcastChannel", "process"]) {
    Reflect.deleteProperty(globalThis, name);
  }
}
