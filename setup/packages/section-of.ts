import { readFile } from "node:fs/promises";

/** The text below a heading of the second level, up to the next one; rejects where the page has no such heading. */
export async function sectionOf(page: string, heading: string): Promise<string> {
  const [, rest] = (await readFile(page, "utf8")).split(`## ${heading}\n`);
  if (rest === undefined) throw new Error(`${page} has no section "${heading}"`);
  const [section = ""] = rest.split(/^## /m);
  return `${section.trimEnd()}\n`;
}

/** The first block of code in that language in a text: a whole program. */
export function exampleIn(text: string, language: string): string {
  const [, example] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(text) ?? [];
  if (example === undefined) throw new Error(`there is no example in ${language}`);
  return example;
}
