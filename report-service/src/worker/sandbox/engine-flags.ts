// What V8 needs for itself; kinds have their memory within WebAssembly.
const v8HeapMegabytes = 128;

/** V8's own. Named, because what is made for sandboxes is made with another one, and V8 takes code only from where all flags were the same. */
export const tieringBudget = "--wasm-tiering-budget=13000000";

/**
 * How V8 runs in a sandbox. Threads that compile and collect beside the code would take several cores while it starts; by itself it
 * starts as fast, and runs as fast. What it never calls need not be looked at, and what it has when it starts it keeps: to look three times
 * for what is garbage by then took a twelfth of a start. Natives are for `inside/optimized-code.ts`: no text becomes code once a job has come.
 */
export const engineFlags = [
  ...["--disallow-code-generation-from-strings", "--allow-natives-syntax"],
  ...[
    "--single-threaded",
    "--wasm-lazy-validation",
    "--no-flush-bytecode",
    "--no-wasm-native-module-cache",
    tieringBudget,
  ],
  ...["--initial-old-space-size=64", "--min-semi-space-size=8", `--max-old-space-size=${v8HeapMegabytes}`],
] as const;
