import type { Cli } from "./cli.ts";

/** Asks on stderr and reads a line: y or yes is yes, all else and the end of input is no. */
export async function confirmed({ io }: Cli, question: string): Promise<boolean> {
  io.stderr.write(`${question} [y/N] `);
  let said = "";
  for await (const chunk of io.stdin) {
    said += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    if (said.includes("\n")) break;
  }
  return /^y(es)?\s*$/i.test(said.split("\n")[0] ?? "");
}
