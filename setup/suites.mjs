import { targets } from "./targets.mjs";

/**
 * What `npm run test:all` runs: a target with arguments, under a name of its own.
 * @typedef {{ readonly name: string, readonly target: string, readonly args: readonly string[], readonly needs?: import("./prepare.mjs").Needs }} Suite
 */

/** @type {(target: string) => Suite} */
const whole = (target) => ({ name: target, target, args: [] });

/**
 * The ledger with a store and a queue that the short one in `npm test` does not have.
 * @type {(name: string, part: string, ...args: readonly string[]) => Suite}
 */
const ledger = (name, part, ...args) => {
  const { needs } = targets["ledger"] ?? {};
  return { name, target: "ledger", args, ...(needs && { needs: { ...needs, [part]: "required" } }) };
};

/**
 * All that proves something and ends by itself, in the order in which it is run: what is quick to fail comes first, and what
 * compiles its parts for long last.
 * @type {readonly Suite[]}
 */
export const suites = [
  whole("test"),
  whole("test:clients"),
  whole("test:predictions"),
  whole("test:brokers"),
  whole("test:cassandra"),
  whole("test:data-centers"),
  whole("test:zipkin"),
  whole("test:tools"),
  whole("fuzz"),
  whole("random"),
  whole("faults"),
  { name: "ledger", target: "ledger", args: ["--seeds", "3"] },
  ledger("ledger:postgres", "postgres", "--store", "postgres", "--seeds", "2", "--apart"),
  ledger("ledger:kafka", "kafka", "--queue", "kafka", "--apart", "--results", "kafka"),
  whole("journeys:newcomer"),
  whole("test:kubernetes"),
  whole("test:garage"),
  whole("test:containers"),
];

/**
 * Those of these names, in the order of the list; `brokers` is `test:brokers`, too. Or which names there is no suite of.
 * @param {readonly string[]} names
 * @returns {{ readonly ok: true, readonly suites: readonly Suite[] } | { readonly ok: false, readonly unknown: readonly string[] }}
 */
export function suitesOf(names) {
  const isNamed = (/** @type {string} */ name, /** @type {Suite} */ suite) =>
    suite.name === name || suite.name === `test:${name}`;
  const unknown = names.filter((name) => !suites.some((suite) => isNamed(name, suite)));
  if (unknown.length > 0) return { ok: false, unknown };
  return { ok: true, suites: suites.filter((suite) => names.some((name) => isNamed(name, suite))) };
}
