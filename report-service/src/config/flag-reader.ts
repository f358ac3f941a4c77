import type { Problem } from "../model/parsed.ts";
import type { FlagReader } from "./flag-group.ts";

/** A reader over what `get` finds, which adds what is wrong to `problems`. */
export function createFlagReader(get: (name: string) => string | undefined, problems: Problem[]): FlagReader {
  const say = (name: string, says: string): void => void problems.push({ at: `--${name}`, says });

  function matching(name: string, pattern: RegExp, says: string): string | undefined {
    const value = get(name);
    if (value !== undefined && !pattern.test(value)) say(name, `${says}, not "${value}"`);
    return value;
  }

  return {
    get,
    say,
    matching,
    address: (name) => matching(name, /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, "must be HOST:PORT"),
    required(name) {
      const value = get(name);
      if (value === undefined) say(name, "is required");
      return value ?? "";
    },
    oneOf(name, [first, ...others]) {
      const found = [first, ...others].find((one) => one === get(name));
      if (found === undefined) say(name, `must be one of ${[first, ...others].join(", ")}, not "${get(name)}"`);
      return found ?? first;
    },
    someOf(name, choices) {
      const given = (get(name) ?? "").split(",").filter((one) => one !== "");
      for (const one of given.filter((text) => !choices.some((choice) => choice === text))) {
        say(name, `must be some of ${choices.join(",")}, and "${one}" is none of them`);
      }
      if (given.length === 0) say(name, `must be some of ${choices.join(",")}`);
      return choices.filter((choice) => given.includes(choice));
    },
    integer(name, least, most) {
      const value = Number(get(name));
      if (!Number.isInteger(value) || value < least || value > most)
        say(name, `must be ${least} to ${most}, not "${get(name)}"`);
      return value;
    },
    time(name, leastMs) {
      const milliseconds = millisecondsOf(get(name) ?? "");
      if (milliseconds === undefined) say(name, `must be a time such as 500ms, 10s, 5m, 2h or 30d, not "${get(name)}"`);
      else if (milliseconds < leastMs) say(name, `must be at least ${leastMs} ms`);
      return milliseconds ?? leastMs;
    },
    url(name) {
      const value = get(name);
      if (value === undefined) return undefined;
      if (URL.canParse(value) && /^https?:/.test(value)) return new URL(value);
      say(name, `must be an http URL, not "${value}"`);
      return undefined;
    },
    pairs: (name) => pairsOf(get(name) ?? ""),
  };
}

function pairsOf(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text.split(",").filter((pair) => pair !== "");
  if (pairs.some((pair) => !/^[^=]+=/.test(pair))) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function millisecondsOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const factor = units[unit ?? ""];
  return factor === undefined ? undefined : Number(amount) * factor;
}
