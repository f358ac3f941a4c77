/** What each version stands for, over all sessions: one content, one version, and the other way round. */
export type VersionBook = {
  /** Throws when this version stood for something else, or this for another version. */
  check(version: string, stands: { readonly type: string; readonly for: readonly string[] }): void;
};

export function createVersionBook(): VersionBook {
  const known = new Map<string, string>();

  function once(one: string, other: string): void {
    const before = known.get(one) ?? other;
    if (before !== other) throw new Error(`${one} goes with ${other}, and went with ${before}`);
    known.set(one, other);
  }

  return {
    check(version, { type, for: content }) {
      const text = `${type} of ${[...content].sort().join(", ")}`;
      once(text, `${type} version ${version}`);
      once(`${type} version ${version}`, text);
    },
  };
}
