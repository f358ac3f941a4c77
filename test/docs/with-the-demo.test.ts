import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
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
  const demo = join(scene.folder, "..", "demo");
  const said = (file: string, what: RegExp) => what.exec(readFileSync(join(demo, file), "utf8"))?.[1] ?? "";
  // The demo takes other ports where the usual ones are taken, and says which.
  const adapt = (text: string) => {
    if (!existsSync(join(demo, "control.json"))) return text;
    const admin = said("control.json", /"admin": "http:\/\/([^"]+)"/);
    const edge = said("edge-a.json", /"listen": "([^"]+)"/);
    return text.replaceAll("127.0.0.1:18080", admin).replaceAll("127.0.0.1:18001", edge);
  };
  const problems: string[] = [];
  for (const page of pages) problems.push(...(await play(stepsOf(page).demo, terminal, adapt)));
  if (problems.length > 0) assert.fail(`\n${problems.join("\n\n")}`);
});
