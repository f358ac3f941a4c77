import { type FlagReader, flagGroup } from "./flag-group.ts";

type Choice<Word extends string> = { readonly kind: Word } | { readonly kind: "redis"; readonly url: string };

/** What is kept near at hand, and told from server to server. */
export type Cache = {
  /** Tenants' allowances and finished reports; `off`: the latter always come from the store. */
  readonly cache: Choice<"memory" | "off">;
  readonly cacheBytes: number;
  readonly cacheKeepMs: number;
  /** What tells watchers of progress; `store`: what follows changes of reports there. `memory` is for one server alone. */
  readonly bulletin: Choice<"store" | "memory">;
};

export const cache = flagGroup(
  [
    {
      name: "cache",
      default: "memory",
      value: "WHICH",
      help: "what keeps allowances and finished reports: memory, redis://HOST:PORT, or off",
    },
    { name: "cache-size", default: "64", value: "MIB", help: "what finished reports may take of this server's memory" },
    {
      name: "cache-keep",
      default: "5s",
      value: "TIME",
      help: "a report that another server deleted may be read for so long, where no Redis tells of it",
    },
    {
      name: "bulletin",
      default: "store",
      value: "WHICH",
      help: "what tells watchers of progress: store, redis://HOST:PORT, or memory where there is one server",
    },
  ],
  (flags): Cache => ({
    cache: choose<"memory" | "off">(flags, "cache", ["memory", "off"]),
    cacheBytes: flags.integer("cache-size", 1, 65_536) * 1_048_576,
    cacheKeepMs: flags.time("cache-keep", 0),
    bulletin: choose<"store" | "memory">(flags, "bulletin", ["store", "memory"]),
  }),
);

/** One of these words, or a Redis; the first of them where it is neither. */
function choose<Word extends string>(
  flags: FlagReader<"cache" | "bulletin">,
  name: "cache" | "bulletin",
  words: readonly [Word, ...Word[]],
): Choice<Word> {
  const given = flags.get(name) ?? words[0];
  const word = words.find((one) => one === given);
  if (word !== undefined) return { kind: word };
  if (/^rediss?:\/\//.test(given) && URL.canParse(given)) return { kind: "redis", url: given };
  // It may hold a password.
  flags.say(name, `must be ${words.join(", ")} or redis://HOST:PORT, not "${given.replace(/\/\/.*@/, "//…@")}"`);
  return { kind: words[0] };
}
