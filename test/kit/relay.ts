import { type Line, startLine } from "./line.ts";

/** One address in front of servers that come and go, as a load balancer or a line between data centers is. */
export type Relay = Line & {
  /** Where new connections are led from now on, each to the next of these; those that are open stay where they are. */
  lead(...to: readonly string[]): void;
  /**
   * From the first bytes that hold this text on, what is sent to the server on that connection is kept back; resolves when
   * that has happened. `release` sends it on.
   */
  hold(text: string): Promise<{ release(): void }>;
};

export async function startRelay(first: string): Promise<Relay> {
  let targets: readonly string[] = [first];
  let turn = 0;
  let wanted: { readonly text: string; readonly held: (held: { release(): void }) => void } | undefined;
  const next = () => {
    turn += 1;
    return targets[turn % targets.length] ?? "";
  };
  const line = await startLine(next, (client, upstream) => {
    let kept: Buffer[] | undefined;
    upstream.pipe(client);
    client.on("data", (chunk: Buffer) => {
      if (kept) return void kept.push(chunk);
      if (!wanted || !chunk.includes(wanted.text)) return void upstream.write(chunk);
      const { held } = wanted;
      wanted = undefined;
      kept = [chunk];
      held({
        release() {
          for (const each of kept ?? []) upstream.write(each);
          kept = undefined;
        },
      });
    });
  });
  return {
    ...line,
    lead(...to) {
      targets = to;
    },
    hold: (text) =>
      new Promise((held) => {
        wanted = { text, held };
      }),
  };
}
