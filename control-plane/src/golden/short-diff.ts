const most = 12;

/** The first to the last line that differ, `-` as it was and `+` as it is, at most a dozen of each. */
export function shortDiff(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  return [
    `line ${start + 1}:`,
    ...marked("-", old.slice(start, old.length - end)),
    ...marked("+", now.slice(start, now.length - end)),
  ].join("\n");
}

function marked(mark: string, lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, most).map((line) => `${mark} ${line}`);
  return lines.length > most ? [...shown, `${mark} … ${lines.length - most} more lines`] : shown;
}
