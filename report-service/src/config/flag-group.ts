/** One flag; it is also a variable: `--queue-limit` is WEIR_REPORT_QUEUE_LIMIT. */
export type Flag = {
  readonly name: string;
  readonly value: string;
  readonly default?: string;
  readonly help: string;
  /** May be given several times; read as one text, with commas between. */
  readonly repeatable?: true;
};

/** Reads the flags of one group; what is wrong is noted, and something of the right type is answered all the same. */
export type FlagReader<Name extends string = string> = {
  /** Undefined where neither flag nor variable is given and there is no default. */
  get(name: Name): string | undefined;
  /** Notes what is wrong with a flag. */
  say(name: Name, says: string): void;
  required(name: Name): string;
  matching(name: Name, pattern: RegExp, says: string): string | undefined;
  /** `HOST:PORT`. */
  address(name: Name): string | undefined;
  oneOf<T extends string>(name: Name, choices: readonly [T, ...T[]]): T;
  /** Comma-separated, each one of `choices`, none twice. */
  someOf<T extends string>(name: Name, choices: readonly T[]): readonly T[];
  integer(name: Name, least: number, most: number): number;
  /** Milliseconds; written as 500ms, 10s, 5m, 2h or 30d. */
  time(name: Name, leastMs: number): number;
  /** http or https. */
  url(name: Name): URL | undefined;
  /** `K=V,…` */
  pairs(name: Name): Readonly<Record<string, string>> | undefined;
};

/** What only a process knows. */
export type ProcessDefaults = { readonly kinds: string; readonly id: string };

/** Flags that belong together, and what becomes of them in the configuration. */
export type FlagGroup<Settings> = {
  readonly flags: readonly Flag[];
  read(flags: FlagReader, defaults: ProcessDefaults): Settings;
};

/** A group, whose reader knows the names of its own flags only. */
export function flagGroup<const Flags extends readonly Flag[], Settings>(
  flags: Flags,
  read: (flags: FlagReader<Flags[number]["name"]>, defaults: ProcessDefaults) => Settings,
): FlagGroup<Settings> {
  return { flags, read };
}
