import { Writable } from "node:stream";

/** A stream that keeps the JSON lines written to it. */
export function lineCollector(): { readonly stream: NodeJS.WritableStream; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).trimEnd().split("\n")) lines.push(JSON.parse(line));
      done();
    },
  });
  return { stream, lines };
}
