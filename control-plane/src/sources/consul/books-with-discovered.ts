import { createLatest, type Latest } from "../../lib/latest.ts";
import type { Book } from "../../model/world.ts";
import type { Discovered } from "./follow-discovery.ts";

/**
 * The documents, and beside them the services that were discovered. A document of the same name, or one whose hosts have that
 * name, stands in place of what was discovered. Nothing before discovery has spoken, and nothing as long as it is blind and there is no
 * document either: that would be an empty world.
 */
export function booksWithDiscovered(
  books: Latest<Book>,
  discovered: Latest<Discovered>,
  signal: AbortSignal,
): Latest<Book> {
  const joined = createLatest<Book>();
  let services: Book["services"] | undefined;
  let madeOf: readonly unknown[] = [];

  function join(): void {
    const book = books.current();
    const found = discovered.current();
    if (!book || !found || (found.blind && book.services.size === 0)) return;
    if (madeOf[0] !== book.services || madeOf[1] !== found.specs) {
      services = withDiscovered(book.services, found.specs);
      madeOf = [book.services, found.specs];
    }
    if (services) joined.set(services === book.services ? book : { ...book, services });
  }

  async function follow(changes: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of changes) join();
  }
  void follow(books.changes(signal));
  void follow(discovered.changes(signal));
  return joined;
}

/** All services of documents, then those that were discovered and collide with none of them. */
export function withDiscovered(documents: Book["services"], found: Discovered["specs"]): Book["services"] {
  if (found.size === 0) return documents;
  const hosts = new Set([...documents.values()].flatMap((spec) => spec.hosts.map((host) => host.toLowerCase())));
  const more = [...found].filter(([name]) => !documents.has(name) && !hosts.has(name.toLowerCase()));
  return more.length === 0 ? documents : new Map([...documents, ...more]);
}
