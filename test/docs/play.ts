import type { DocumentedStep } from "./documented-commands.ts";
import { documentedJson, jsonDifferences, missingLines } from "./shape.ts";
import type { GoesOn, Ran, Terminal } from "./terminal.ts";

/** Programs that do not end, and what tells that they are ready. */
const goingOn: readonly (readonly [RegExp, GoesOn])[] = [
  // Two lines of what was observed later: readers take longer than that, too, until they ask what was.
  [/^npm start/, { ready: /all \d+ report servers are up[\s\S]*?(\n\d+:\d\d [\s\S]*?){2}/, stays: true }],
  [/^weir serve\b/, { ready: /"ready":true/, stays: true }],
  [/^envoy\b/, { ready: /starting workers/, stays: true }],
  [/^curl -sN\b/, { ready: /^data: /m, stays: false }],
];

/**
 * Types what a page has its readers type, in order, and resolves with all that was not as the page says. `adapt` may put another
 * address in the place of a documented one: the usual ports may be taken where tests run.
 */
export async function play(
  steps: readonly DocumentedStep[],
  terminal: Terminal,
  adapt: (text: string) => string = (text) => text,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const ran: { readonly text: string; readonly block: number; readonly got: Ran }[] = [];
  const run = async (text: string) => {
    const goesOn = goingOn.find(([is]) => is.test(text))?.[1];
    const began = performance.now();
    const got = await terminal.run(adapt(text), { goesOn });
    if (process.env["WEIR_DOCS_TIMES"]) {
      process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1)} s  ${text}\n`);
    }
    return got;
  };
  for (const step of steps) {
    const where = `${step.page}:${step.line}`;
    if (step.kind === "command") {
      if (step.notRun !== undefined) continue;
      const got = await run(step.text);
      ran.push({ text: step.text, block: step.block, got });
      const said = `${got.out}${got.err}`;
      const told = `${where}: ${step.text}\n${indented(endOf(said))}`;
      if (got.code !== step.exit) problems.push(`${told}\n  ended with ${got.code}, not ${step.exit}`);
      const failed = failureOf(step.text, got);
      if (failed !== undefined) problems.push(`${told}\n  ${failed}`);
      const missing = missingLines(step.output ?? [], said);
      if (missing.length > 0) problems.push(`${told}\n  has nothing like\n${indented(missing.join("\n"))}`);
      continue;
    }
    const { of, again, block } = step;
    const candidates = ran.filter((each) => (of === undefined ? each.block === block : each.text.startsWith(of)));
    const last = candidates.at(-1);
    if (of !== undefined && last === undefined) {
      problems.push(`${where}: no command above begins with ${of}`);
      continue;
    }
    const answers = again && last ? [await run(last.text)] : candidates.map(({ got }) => got);
    // What no test runs is not judged by what it would print.
    if (answers.length === 0) continue;
    const wrong = answers.map((got) =>
      step.lang === "json" ? jsonProblem(step.text, got.out) : textProblem(step.text, got),
    );
    if (!wrong.includes(undefined)) problems.push(`${where}: is not what was answered: ${wrong.at(-1)}`);
  }
  return problems;
}

// curl ends well whatever it is answered.
function failureOf(text: string, { out }: Ran): string | undefined {
  return /^curl\b/.test(text) && /^\{"error":/m.test(out) ? "was answered with an error" : undefined;
}

function jsonProblem(documented: string, printed: string): string | undefined {
  try {
    const differences = jsonDifferences(documentedJson(documented), JSON.parse(printed));
    return differences.length === 0 ? undefined : `${differences.join("; ")}: ${printed}`;
  } catch (cause) {
    return `${(cause as Error).message}: ${printed}`;
  }
}

function textProblem(documented: string, { out, err }: Ran): string | undefined {
  const missing = missingLines(documented.split("\n"), `${out}${err}`);
  return missing.length === 0
    ? undefined
    : `nothing like\n${indented(missing.join("\n"))}\nin\n${indented(`${out}${err}`)}`;
}

function endOf(text: string): string {
  return text.trimEnd().split("\n").slice(-30).join("\n");
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}
