import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DocumentedFile, type DocumentedStep, documentedFiles, documentedSteps } from "./documented-commands.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What users read, in order: their paths from the root of the repository. */
export const pages: readonly string[] = ["README.md", ...globSync("docs/**/*.md", { cwd: root }).sort()];

/** A page as it is. */
export function markdownOf(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** The files that a page shows, and the documents of the README, which all build on. */
export function filesOf(page: string): readonly DocumentedFile[] {
  return ["README.md", page].flatMap((each) => documentedFiles(markdownOf(each)));
}

/** From the section on that starts a control plane of its own, a page goes on with that one. */
export function stepsOf(page: string): {
  readonly demo: readonly DocumentedStep[];
  readonly own: readonly DocumentedStep[];
} {
  const all = documentedSteps(page, markdownOf(page));
  const lacking = new Set(
    all.flatMap((step) => (step.kind === "command" && needsWhatIsNotHere(step.text) ? [step.block] : [])),
  );
  const steps = all.filter(({ block }) => !lacking.has(block));
  const commands = steps.filter((step) => step.kind === "command");
  const start = commands.find(({ notRun, text }) => notRun === undefined && /^weir (serve|check)\b/.test(text));
  const first = commands.find(({ section }) => section === start?.section)?.block ?? Number.POSITIVE_INFINITY;
  const demo = new Set(commands.filter(({ block, withDemo }) => withDemo || block < first).map(({ block }) => block));
  return { demo: steps.filter(({ block }) => demo.has(block)), own: steps.filter(({ block }) => !demo.has(block)) };
}

/** Tools that set-up gets where it can: without one, the blocks that call it are passed over. */
const tools: readonly (readonly [string, string])[] = [
  ["grpcurl", "WEIR_GRPCURL"],
  ["promtool", "WEIR_PROMETHEUS"],
];

function needsWhatIsNotHere(command: string): boolean {
  return tools.some(([tool, variable]) => command.startsWith(`${tool} `) && !process.env[variable]);
}
