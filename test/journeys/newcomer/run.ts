import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { documentedSteps } from "../../docs/documented-commands.ts";
import { openTerminal, type Ran, type Terminal } from "../../docs/terminal.ts";
import { makeFolder } from "../../kit/folder.ts";
import { until } from "../../kit/wait.ts";

// npm run journeys:newcomer: a newcomer's first minutes. A fresh clone of what is committed, nothing installed in it, and the
// commands of its README as they stand there: to the first picture, a change of weights, a guarded shift, a drain and its end.
// Traffic must go where they say, and no request be lost. Node's packages and Envoy are fetched anew, as for a newcomer.

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** Of the README's tour, what moves traffic; what breaks something is for test/docs and the demo's own check. */
const taken = /^(npm start|export PATH|weir traffic (get|set|shift|drain|undrain))\b/;
const installingMs = 900_000;

const began = performance.now();
await using folder = await makeFolder("newcomer");
const clone = join(folder.path, "weir");
timed("git clone", () => execFileSync("git", ["clone", "--quiet", root, clone]));
const markdown = readFileSync(join(clone, "README.md"), "utf8");
const commands = documentedSteps("README.md", markdown)
  .flatMap((step) => (step.kind === "command" && step.notRun === undefined ? [step.text] : []))
  .filter((text) => taken.test(text));
if (commands.length < 6) throw new Error(`the README has only ${commands.join("; ")}`);

// No part that this repository has installed is to be found.
const env = { WEIR_ENVOY: "", WEIR_DEMO_DIR: join(folder.path, "demo"), WEIR_SERVER: "" };
await using terminal = await openTerminal({ folder: clone, notes: join(folder.path, "notes"), env });
for (const command of commands) {
  const goesOn = command.startsWith("npm start") ? { ready: /all \d+ report servers are up/, stays: true } : undefined;
  const from = performance.now();
  const ran = await terminal.run(command, { goesOn, within: goesOn ? installingMs : 120_000 });
  if (ran.code !== 0) throw new Error(`${command} ended with ${ran.code}\n${ran.out}${ran.err}`);
  const seen = await followed(command, terminal);
  say(performance.now() - from, command, seen);
}
const { failed, served } = await lost(terminal);
say(performance.now() - began, "all of it", `${served} answered in the last 10 s, ${failed} of all requests failed`);
if (failed > 0) process.exitCode = 1;

type Row = {
  readonly to: string;
  readonly observed?: { readonly percent?: number; readonly requests?: number };
};

/** Waits until clients report that they go where the command says; resolves with what they report. */
async function followed(command: string, at: Terminal): Promise<string> {
  const target = new Map(
    [...command.matchAll(/\b(dc-\w)=(\d+)/g)].map(([, to = "", percent]) => [to, Number(percent)]),
  );
  const drained = /traffic drain (dc-\w)/.exec(command)?.[1];
  const back = /traffic undrain (dc-\w)/.exec(command)?.[1];
  const holds = ({ to, observed: { percent = 0 } = {} }: Row) => {
    if (to === drained) return percent < 1;
    if (to === back) return percent > 10;
    return Math.abs(percent - (target.get(to) ?? percent)) < 5;
  };
  if (target.size === 0 && drained === undefined && back === undefined) return "";
  const rows = await until(
    async () => {
      const now = await rowsOf(at);
      return now.length > 0 && now.every(holds) && now;
    },
    { within: 90_000, everyMs: 1_000, what: `traffic goes where ${command} says` },
  );
  return rows.map(({ to, observed: { percent = 0 } = {} }) => `${to} ${percent.toFixed(1)} %`).join("  ");
}

async function rowsOf(at: Terminal): Promise<readonly Row[]> {
  const { out } = await at.run("weir traffic get report -o json");
  return (JSON.parse(out) as { readonly rows: readonly Row[] }).rows;
}

/** What the demo counted in its own clients since its start. */
async function lost(at: Terminal): Promise<{ readonly failed: number; readonly served: number }> {
  const { out }: Ran = await at.run(`cat "${join(folder.path, "notes", "1.out")}"`);
  const counts = [...out.matchAll(/req\/s {2}(\d+) errors/g)].map(([, count]) => Number(count));
  const failed = counts.at(-1);
  if (failed === undefined) throw new Error(`the demo has not said how many requests failed:\n${out}`);
  const served = (await rowsOf(at)).reduce((sum, { observed }) => sum + Math.round(observed?.requests ?? 0), 0);
  return { failed, served };
}

function timed(what: string, work: () => unknown): void {
  const from = performance.now();
  work();
  say(performance.now() - from, what, "");
}

function say(ms: number, what: string, seen: string): void {
  process.stdout.write(
    `${(ms / 60_000).toFixed(2).padStart(6)} min  ${what}${seen === "" ? "" : `\n            ${seen}`}\n`,
  );
}
