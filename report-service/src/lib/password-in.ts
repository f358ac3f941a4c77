import { readFile } from "node:fs/promises";

/** The password in a file, without the line break that editors leave. */
export async function passwordIn(file: string): Promise<string> {
  return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
}
