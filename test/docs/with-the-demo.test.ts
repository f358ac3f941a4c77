import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { filesOf, pages, stepsOf } from "./pages.ts";
import { play } from "./play.ts";
import { makeScene } from "./scene.ts";

test("what pages have their readers do with the demo is done, and prints what they show", {
  timeout: 280_000,
}, async () => {
  await using scene = await makeScene({ files: filesOf("README.md"), demo: "demo" });
  await using terminal = await scene.openTerminal({ WEIR_DEMO_DIR: join(scene.folder, "..", "demo") });
  const problems: string[] = [];
  for (const page of pages) problems.push(...(await play(stepsOf(page).demo, terminal)));
  if (problems.length > 0) assert.fail(`\n${problems.join("\n\n")}`);
});
