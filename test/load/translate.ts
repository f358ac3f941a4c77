// npm run load:translate [-- --than COMMIT] [--services 1000] [--endpoints 20] [--repeat 3] [--name translate]
// Measures what translating for a viewer costs, in this version and in an older one, in turn; writes results/<date>-<name>.md.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { nodeFlags } from "../../setup/node-flags.mjs";
import { type FigureName, quartileOf, type TranslationFigures, translationGoals } from "./translate-figures.ts";

const run = promisify(execFile);
const { values } = parseArgs({
  options: {
    than: { type: "string", default: "HEAD" },
    services: { type: "string", default: "1000" },
    endpoints: { type: "string", default: "20" },
    repeat: { type: "string", default: "3" },
    name: { type: "string", default: "translate" },
  },
});

const root = fileURLToPath(new URL("../../", import.meta.url));
const main = fileURLToPath(new URL("./translate-main.ts", import.meta.url));
await using older = await checkOut(values.than);
const busy = loadavg()[0] ?? 0;
const [ours, theirs]: [TranslationFigures[], TranslationFigures[]] = [[], []];
for (let repetition = 0; repetition < Number(values.repeat); repetition += 1) {
  ours.push(...(await measured(root)));
  theirs.push(...(await measured(older.path)));
}

const rows = (Object.keys(translationGoals) as FigureName[]).map((figure) => {
  const { title, below } = translationGoals[figure];
  const [now, then] = [quartileOf(ours, figure), quartileOf(theirs, figure)];
  const met = below === undefined ? "" : now < below ? "yes" : "**no**";
  return `| ${[title, `${short(now)} ms`, `${short(then)} ms`, (now / then).toFixed(2), below ?? "", met].join(" | ")} |`;
});
const page = [
  `# ${values.name}, ${new Date().toISOString().slice(0, 10)}`,
  "",
  `${values.services} services of ${values.endpoints} endpoints, a split for each and a policy for every hundred, for an edge.`,
  `${cpus().length} cores of ${cpus()[0]?.model}, load average ${busy.toFixed(1)}, Node ${process.versions.node}. This is`,
  `${await commitOf()}, the other ${older.commit}; they took turns, ${ours.length} rounds each. Lower quartiles of processor time.`,
  "",
  "| | this | the other | ratio | below | met |",
  "|---|---|---|---|---|---|",
  ...rows,
  "",
].join("\n");
console.log(page);
const folder = join(import.meta.dirname, "results");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, `${new Date().toISOString().slice(0, 10)}-${values.name}.md`), page);

async function measured(sources: string): Promise<readonly TranslationFigures[]> {
  const args = [...nodeFlags, main, sources, values.services, values.endpoints, "4"];
  const { stdout } = await run(process.execPath, args, { cwd: sources });
  return JSON.parse(stdout) as readonly TranslationFigures[];
}

/** An older version beside this one; what it needs of others is what this one has. */
async function checkOut(name: string): Promise<AsyncDisposable & { readonly path: string; readonly commit: string }> {
  const { stdout } = await run("git", ["rev-parse", "--short", `${name}^{commit}`], { cwd: root });
  const folder = await mkdtemp(join(tmpdir(), "weir-older-"));
  const path = join(folder, "weir");
  await run("git", ["worktree", "add", "--quiet", "--detach", path, name], { cwd: root });
  await symlink(join(root, "node_modules"), join(path, "node_modules"));
  return {
    path,
    commit: stdout.trim(),
    async [Symbol.asyncDispose]() {
      await run("git", ["worktree", "remove", "--force", path], { cwd: root });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function commitOf(): Promise<string> {
  const { stdout } = await run("git", ["describe", "--always", "--dirty"], { cwd: root });
  return stdout.trim();
}

function short(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
