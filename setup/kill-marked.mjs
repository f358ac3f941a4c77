import { readdirSync, readFileSync } from "node:fs";

/**
 * Kills (SIGKILL) all processes that were started with this in their environment, and all below them: also those that
 * are in a process group of their own and those whose parent has ended. Linux only: it reads /proc.
 * @param {string} variable
 * @param {string} value
 * @returns {readonly string[]} their command lines, without flags
 */
export function killMarked(variable, value) {
  /** @type {Map<number, string>} */
  const killed = new Map();
  // Until none is left: one that is about to start another is not to get away with it.
  for (;;) {
    const found = markedProcesses(`${variable}=${value}`).filter(({ pid }) => !killed.has(pid));
    if (found.length === 0) return [...killed.values()];
    for (const { pid, command } of found) {
      killed.set(pid, command);
      kill(pid);
    }
  }
}

/** @param {string} mark */
function markedProcesses(mark) {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (processOf(Number(name)) ?? []) : []));
  const marked = new Set(all.filter(({ environment }) => environment.includes(mark)).map(({ pid }) => pid));
  for (let before = -1; before !== marked.size; ) {
    before = marked.size;
    for (const { pid, parent } of all) if (marked.has(parent)) marked.add(pid);
  }
  return all.filter(({ pid }) => marked.has(pid));
}

/**
 * Undefined: it has ended, or somebody else's it is.
 * @param {number} pid
 */
function processOf(pid) {
  try {
    const read = (/** @type {string} */ file) => readFileSync(`/proc/${pid}/${file}`, "utf8");
    // After the name, which is in brackets and may hold anything: the state, and the parent.
    const [state, parent] = read("stat")
      .replace(/^.*\) /s, "")
      .split(" ");
    if (state === "Z") return undefined;
    return {
      pid,
      parent: Number(parent),
      environment: read("environ").split("\0"),
      command: shortCommand(read("cmdline").split("\0")),
    };
  } catch {
    return undefined;
  }
}

// Node gives the processes of tests a kilobyte of flags.
const mostCharacters = 200;

/** @param {readonly string[]} parts */
function shortCommand([program = "", ...args]) {
  return [program, ...args.filter((arg) => !arg.startsWith("-"))].join(" ").trim().slice(0, mostCharacters);
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
