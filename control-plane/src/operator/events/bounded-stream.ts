import { Readable } from "node:stream";

/**
 * A stream that keeps no more than this for who does not read; then it is cut. What it begins with comes on top: how things are
 * has no bound, unlike what changes of it.
 */
export function boundedStream({
  mostUnread,
  alsoUnread,
  cut,
}: {
  readonly mostUnread: number;
  /** What was taken out of the stream and is not sent yet, in bytes. */
  readonly alsoUnread: () => number;
  readonly cut: () => void;
}): { readonly stream: Readable; take(text: string): void; end(): void } {
  const stream = new Readable({ read: () => undefined });
  let beginning: number | undefined;
  return {
    stream,
    take(text) {
      if (stream.destroyed) return;
      stream.push(text);
      beginning ??= Buffer.byteLength(text);
      if (stream.readableLength + alsoUnread() <= mostUnread + beginning) return;
      stream.destroy();
      cut();
    },
    end() {
      if (!stream.destroyed) stream.push(null);
    },
  };
}
