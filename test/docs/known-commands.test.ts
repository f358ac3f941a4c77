import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { documentedSteps, inlineCommands } from "./documented-commands.ts";
import { filledIn, wordsOf } from "./filled-in.ts";
import { problemOf } from "./known-command.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = ["README.md", "*/README.md", "CONTRIBUTING.md", "docs/**/*.md"]
  .flatMap((each) => globSync(each, { cwd: root }))
  .filter((page) => !page.includes("node_modules"))
  .sort();

test("every command that a page names exists, with the flags that it is given", async () => {
  const problems: string[] = [];
  let looked = 0;
  for (const page of pages) {
    const markdown = readFileSync(join(root, page), "utf8");
    const typed = documentedSteps(page, markdown).flatMap((step) => (step.kind === "command" ? [step] : []));
    const named = inlineCommands(page, markdown).map((each) => ({ ...each, inText: true }));
    for (const { line, text, inText } of [...named, ...typed.map((each) => ({ ...each, inText: false }))]) {
      looked += 1;
      const problem = await problemOf(wordsOf(filledIn(text)), inText);
      if (problem !== undefined) problems.push(`${page}:${line}: ${text}: ${problem}`);
    }
  }
  assert.deepEqual(problems, []);
  assert.ok(looked > 300, `${looked} commands`);
});
