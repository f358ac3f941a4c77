import { type Line, startLine } from "./line.ts";

/** A line to a Kafka which loses answers: what was asked has been done, and who asked does not learn of it. */
export type LosingLine = Line & {
  /** Where connections lead from now on. */
  lead(to: string): void;
  /** Cuts the next connection that sends this text, once the server answers; resolves when that has happened. */
  loseAnswerTo(text: string): Promise<void>;
};

export async function startLosingLine(): Promise<LosingLine> {
  let target = "";
  let wanted: { readonly text: string; readonly lost: () => void } | undefined;
  const line = await startLine(
    () => target,
    (client, upstream, cut) => {
      let loses: { readonly id: number; readonly lost: () => void } | undefined;
      client.on("data", (chunk: Buffer) => {
        const id = wanted && idOfRequest(chunk, wanted.text);
        if (wanted && id !== undefined) {
          loses = { id, lost: wanted.lost };
          wanted = undefined;
        }
        upstream.write(chunk);
      });
      upstream.on("data", (chunk: Buffer) => {
        // Of small answers each is a chunk of its own: its length, and the id of its request.
        if (!loses || chunk.length < 8 || chunk.readInt32BE(4) !== loses.id) return void client.write(chunk);
        cut();
        loses.lost();
      });
    },
  );
  return {
    ...line,
    lead(to) {
      target = to;
    },
    loseAnswerTo: (text) =>
      new Promise((lost) => {
        wanted = { text, lost };
      }),
  };
}

/** The correlation id of the request that holds this text, in a chunk of whole requests (Kafka's protocol guide). */
function idOfRequest(chunk: Buffer, text: string): number | undefined {
  for (let at = 0; at + 12 <= chunk.length; at += 4 + chunk.readInt32BE(at)) {
    if (chunk.subarray(at, at + 4 + chunk.readInt32BE(at)).includes(text)) return chunk.readInt32BE(at + 8);
  }
  return undefined;
}
