type Waiting<Item, Answer> = {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (cause: unknown) => void;
};

/**
 * Calls of one turn of the event loop in one: `handle` gets their items and answers each, in order. What it throws, all
 * of them get.
 */
export function inOneTurn<Item, Answer>(
  handle: (items: readonly Item[]) => readonly Answer[] | Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  let waiting: Waiting<Item, Answer>[] = [];

  async function handleAll(): Promise<void> {
    const group = waiting;
    waiting = [];
    try {
      const answers = await handle(group.map(({ item }) => item));
      if (answers.length !== group.length) throw new Error(`${answers.length} answers for ${group.length} calls`);
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
    } catch (cause) {
      for (const { reject } of group) reject(cause);
    }
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ item, resolve, reject });
    if (waiting.length === 1) setImmediate(handleAll);
    return promise;
  };
}
