/**
 * What a step of the set-up comes back with: the part, or why it is not there and what the reader can do about it.
 * @typedef {{ readonly kind: "found", readonly path: string } | Missing} Part
 * @typedef {{ readonly kind: "missing", readonly what: string, readonly why: string, readonly remedy: string }} Missing
 */

/**
 * @param {string} path
 * @returns {Part}
 */
export function found(path) {
  return { kind: "found", path };
}

/**
 * @param {string} what
 * @param {string} why
 * @param {string} remedy
 * @returns {Missing}
 */
export function missing(what, why, remedy) {
  return { kind: "missing", what, why, remedy };
}

/**
 * One paragraph for each missing part, all at once: nobody should have to run set-up three times to learn three things.
 * @param {readonly Missing[]} parts
 */
export function describeMissing(parts) {
  return parts.map(({ what, why, remedy }) => `${what} is missing: ${why}\n  remedy: ${remedy}`).join("\n");
}
