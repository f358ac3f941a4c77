import assert from "node:assert/strict";
import { test } from "node:test";
import { readPageFiles } from "./page-files.ts";

test("all that a browser loads is there, without types, and under 80 kB of script", async () => {
  const files = await readPageFiles();
  const scripts = [...files].filter(([path]) => /\.m?[jt]s$/.test(path));
  const bytes = scripts.reduce((sum, [, { gzipped }]) => sum + gzipped.length, 0);
  assert.ok(bytes < 80_000, `${bytes} bytes`);
  for (const [path, { plain }] of scripts) {
    const text = plain.toString();
    for (const [, from = ""] of text.matchAll(/^\s*(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"/gm)) {
      const target = new URL(from, `http://weir/page/${path}`).pathname.replace("/page/", "");
      assert.ok(files.has(target), `${path} imports ${from}`);
    }
    assert.doesNotMatch(text, /^(import type|export type|type) /m, path);
  }
});

test("the page itself has nothing inline and asks for nothing from elsewhere", async () => {
  const html = (await readPageFiles()).get("index.html")?.plain.toString() ?? "";
  assert.match(html, /<link rel="modulepreload" href="\/page\/page\/preact.mjs" \/>/);
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|<style| on\w+=|style="/);
  for (const [, address = ""] of html.matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(address, /^(\/page\/|data:,$)/);
});
