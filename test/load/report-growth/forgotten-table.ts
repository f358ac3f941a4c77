/** Reports made a second, microseconds of Postgres's CPU for one, and dead rows in the queue's tables at the end. */
export type Churned = { readonly perSecond: number; readonly micros: number; readonly dead: number };

/** `open` is at the end of the time that the transaction was open. */
export type Forgotten = {
  readonly name: string;
  readonly before: Churned;
  readonly open: Churned;
  readonly after: Churned;
};

const title = "## Reports a second while a transaction is forgotten (Postgres)";

/** The section of the page. The rate is compared with what it was before and is again after: disks and machines change. */
export function forgottenText(openMs: number, found: readonly Forgotten[]): string {
  const minutes = Number((openMs / 60_000).toPrecision(2));
  return [
    title,
    "",
    `Written by \`npm run load:forgotten -- --write\`. The transaction is REPEATABLE READ and stays open for ${minutes} minutes; "open" is at the end of`,
    "them. Reports are created, claimed, put as results and written, a hundred at a time; dead rows are those of the queue's tables.",
    "",
    "| the transaction | before | open | after | open, of the others' mean | CPU of Postgres, of the others' mean | dead rows |",
    "|---|---|---|---|---|---|---|",
    ...found.map(({ name, before, open, after }) => {
      const share = (of: (one: Churned) => number) => ((200 * of(open)) / (of(before) + of(after))).toFixed(0);
      const rates = [before, open, after].map(({ perSecond }) => Math.round(perSecond).toLocaleString("en"));
      const dead = open.dead.toLocaleString("en");
      return `| ${name} | ${rates.join(" | ")} | ${share((one) => one.perSecond)} % | ${share((one) => one.micros)} % | ${dead} |`;
    }),
    "",
  ].join("\n");
}

/** The page with that section in place of the one that it has, or at its end. */
export function withForgotten(page: string, text: string): string {
  const before = sectionOf(page);
  return before === "" ? `${page.trimEnd()}\n\n${text}` : page.replace(before, () => text);
}

/** The section that a page has; empty where it has none. */
export function sectionOf(page: string): string {
  const start = page.indexOf(title);
  if (start < 0) return "";
  const end = page.indexOf("\n## ", start);
  return page.slice(start, end < 0 ? undefined : end);
}
