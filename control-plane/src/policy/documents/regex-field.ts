import { RE2JS } from "re2js";

/**
 * What is wrong with a regular expression, or undefined when all clients take it and mean the same by it: Envoy and the C core
 * by RE2, grpc-go by Go's regexp, Java by RE2/J, Node by an RE2 of 2020.
 */
export function regexProblem(regex: string): string | undefined {
  if (!/^[\x20-\x7e]{1,500}$/.test(regex)) return "expected 1 to 500 characters of printable ASCII";
  const escapes = regex.replaceAll("\\\\", "");
  // Envoy reads bytes, the others characters.
  const [unlike] = /\\[pPxC0-9]/.exec(escapes) ?? [];
  if (unlike !== undefined)
    return `"${unlike}…" does not mean the same to all clients: write the characters themselves`;
  if (escapes.includes("(?<")) return '"(?<" is not known to all clients: use "(?P<", or brackets without a name';
  const program = sizeOf(regex);
  if (typeof program === "string") return program;
  const size = program + rangesOf(escapes);
  if (size <= mostInstructions) return undefined;
  return `is too large for Envoy, about ${size} instructions of at most ${mostInstructions}: write several matches, or fewer {…}`;
}

/** Does one that is right match all of a text? */
export function regexMatches(regex: string, text: string): boolean {
  return RE2JS.matches(regex, text);
}

/**
 * Envoy 1.40 refuses a whole route configuration for a program of more than 100 (its runtime key
 * re2.max_program_size.error_level). RE2's own has two instructions more than that of its port.
 */
const mostInstructions = 98;

function sizeOf(regex: string): number | string {
  try {
    return RE2JS.compile(regex).programSize();
  } catch (cause) {
    return `is no regular expression of RE2: ${cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, "") : cause}`;
  }
}

/** A class is one instruction in the port, and one for each of its ranges in RE2: at most so many more, in all its copies. */
function rangesOf(regex: string): number {
  const copies = [...regex.matchAll(/\)(\{[\d,]+\})/g)].reduce((product, [, repeat]) => product * timesOf(repeat), 1);
  return (
    copies * [...regex.matchAll(classes)].reduce((sum, [, one = "", repeat]) => sum + widthOf(one) * timesOf(repeat), 0)
  );
}

/** `[a-z]`, `\w`, `.` with the `{…}` after it; and literal escapes, to go past them. */
const classes = /(\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\\.|\.)(\{[\d,]+\})?/g;

function widthOf(one: string): number {
  if (one.startsWith("[")) return rangesInside(one.slice(1, -1));
  return one === "." ? 1 : /\\[wWdDsS]/.test(one) ? 5 : 0;
}

function rangesInside(members: string): number {
  const group = /\[:\^?\w+:\]|\\[wWdDsS]/g;
  const single = members.replaceAll(group, "").replaceAll(/\\./g, "x").replaceAll(/.-./g, "x");
  return 6 * (members.match(group)?.length ?? 0) + single.length - (single.startsWith("^") ? 0 : 1);
}

/** How many copies a counted repetition makes. */
function timesOf(repeat: string | undefined): number {
  const [, least = "1", most = ""] = /^\{(\d+)(?:,(\d*))?\}$/.exec(repeat ?? "") ?? [];
  return Math.max(1, Number(most || least) + 1);
}
