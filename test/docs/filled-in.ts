/** The words of a command, as a shell makes them of it; what it would replace or lead elsewhere stays as it is. */
export function wordsOf(command: string): readonly string[] {
  const words = [...command.replaceAll("\\\n", " ").matchAll(/(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_all, double, single) => double ?? single),
  );
  const piped = words.findIndex((word) => /^([|&;<>]|\d?>)/.test(word));
  const own = piped < 0 ? words : words.slice(0, piped);
  // Variables for one command: NAME=value weir …
  return own.slice(own.findIndex((word) => !/^[A-Z_]+=/.test(word)));
}

const values: readonly (readonly [RegExp, string])[] = [
  [/ SERVICE …$/, " report dc-a=60 dc-b=40"],
  [/--reason …$/, "--reason CHG-4711"],
  [/-- …$/, "-- status"],
  [/\[([^\]]+)\]/g, "$1"],
  [/\bPATH…/g, "config.d"],
  [/\bDIR\b/g, "config.d"],
  [/\bSERVICE ID\b/g, "report r1"],
  [/\b(SERVICE|SHIFT)\b/g, "report"],
  [/\bID\b/g, "edge-a"],
  [/\bPLACE\b/g, "dc-b"],
  [/\bLOCALITY\b/g, "dc-b/z1"],
  [/\bPERCENT\b/g, "50"],
  [/\bMETHOD\b/g, "report.v1.Reports/CreateReport"],
  [/\bKIND\b/g, "split"],
  [/\bNAME URL\b/g, "here http://127.0.0.1:18080"],
  [/\bURL\b/g, "http://127.0.0.1:18080"],
  [/\bNAME\b/g, "report"],
  [/\bFILE\b/g, "file.pem"],
  [/\brN\b/g, "r1"],
  [/ -f$/, " -f config.d"],
];

/** A command with something in each place that a page leaves to the reader: SERVICE, ID, `[…]`. */
export function filledIn(command: string): string {
  return values.reduce((text, [what, by]) => text.replace(what, by), command);
}
