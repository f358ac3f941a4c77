import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { findProgram } from "./find-program.mjs";

/**
 * Runs a program in our place: its terminal is ours, signals sent to us reach it, and we end as it ends.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function handOver(command, args, env) {
  // With Linux's parent-death signal the program is gone as well when we are killed without a chance to pass that on.
  const setpriv = findProgram("setpriv");
  const [program, all] = setpriv ? [setpriv, ["--pdeathsig", "TERM", "--", command, ...args]] : [command, [...args]];
  const child = spawn(program, all, { env, stdio: "inherit" });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])) {
    // A terminal sends its Ctrl-C to the program as well as to us; passed on, it would count as a second one.
    const sentToBoth = isatty(0) && (signal === "SIGINT" || signal === "SIGQUIT");
    process.on(signal, () => sentToBoth || child.kill(signal));
  }
  child.on("error", (cause) => {
    process.stderr.write(`${command} cannot be run: ${cause.message}\n`);
    process.exitCode = 126;
  });
  child.on("close", (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
  });
}
