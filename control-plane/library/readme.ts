import { readFile } from "node:fs/promises";

const readme = new URL("../README.md", import.meta.url);
const heading = "## As a library\n";

/** What control-plane/README.md says about the library, which is the package's README. */
export async function libraryReadme(): Promise<string> {
  const text = await readFile(readme, "utf8");
  const [, rest] = text.split(heading);
  if (rest === undefined) throw new Error(`control-plane/README.md has no section "${heading.trim()}"`);
  const [section = ""] = rest.split(/^## /m);
  return `# @weir/xds\n${section.trimEnd()}\n`;
}

/** The example in it: a whole program. */
export async function libraryExample(): Promise<string> {
  const [, example] = /^```ts\n(.*?)^```$/ms.exec(await libraryReadme()) ?? [];
  if (example === undefined)
    throw new Error("the library's part of control-plane/README.md has no example in TypeScript");
  return example;
}
