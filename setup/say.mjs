/**
 * Tells the person at the terminal what set-up is doing. On stderr, because stdout belongs to the program that follows:
 * `weir serve` prints its ready line there.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}
