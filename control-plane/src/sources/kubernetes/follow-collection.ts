import { aborted } from "../../lib/wait.ts";
import { type Collection, type ListWatchOptions, listWatch, type Watched } from "./list-watch.ts";

/** What goes on with a collection, for all who share its watch. */
export type Followed = AsyncDisposable & {
  /** Undefined while it can be seen. */
  failure(): Error | undefined;
};

/** Watches a collection until it is disposed of, and hands over what happens. `broke`: a bug ended the watch. */
export function followCollection<T>(
  collection: Collection<T>,
  options: ListWatchOptions,
  { happened, broke }: { readonly happened: (event: Watched<T>) => void; readonly broke: (cause: Error) => void },
): Followed {
  const stop = new AbortController();
  let failure: Error | undefined;
  const running = run();

  async function run(): Promise<void> {
    try {
      for await (const event of listWatch(collection, options, stop.signal)) {
        if (stop.signal.aborted) return;
        failure = event.kind === "failed" ? event.cause : undefined;
        happened(event);
      }
    } catch (thrown) {
      if (stop.signal.aborted) return;
      failure = thrown instanceof Error ? thrown : new Error(String(thrown));
      broke(failure);
    }
  }

  return {
    failure: () => failure,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([running, aborted(stop.signal)]);
    },
  };
}
