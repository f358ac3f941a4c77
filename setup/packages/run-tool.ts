import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** Runs the TypeScript compiler on a folder with a tsconfig.json; rejects with what it says against it. */
export function compile(folder: string): Promise<string> {
  return run(process.execPath, [compiler, "-p", folder], folder);
}

/** Runs npm in a folder; resolves with what it prints. */
export function npm(args: readonly string[], folder: string): Promise<string> {
  // npm names its own script for the programs it runs; without it there is the one on PATH.
  const script = process.env["npm_execpath"];
  return script?.endsWith(".js") ? run(process.execPath, [script, ...args], folder) : run("npm", [...args], folder);
}

function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { cwd, maxBuffer: 1 << 26 }, (cause, stdout, stderr) => {
      if (cause === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")} in ${cwd} failed:\n${stdout}${stderr}`, { cause }));
    });
  });
}
