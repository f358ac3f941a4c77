import { isProgram } from "./find-program.mjs";
import { found, missing } from "./part.mjs";

/**
 * The program that a variable of the environment names; undefined where it names none, so that others are looked for.
 * @param {string} what
 * @param {string} variable
 * @returns {import("./part.mjs").Part | undefined}
 */
export function namedProgram(what, variable) {
  const named = process.env[variable];
  if (!named) return undefined;
  if (isProgram(named)) return found(named);
  return missing(what, `${variable} names ${named}, which is not a program`, "correct it, or leave it away");
}
