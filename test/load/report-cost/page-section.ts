/** What is compared by hand, version by version, comes last on the page. */
const last = "## Before and after";

/** The page of costs with this section in place of the one of that heading, or before the last one. */
export function withSection(page: string, heading: string, section: string): string {
  const start = page.indexOf(`${heading}\n`);
  const at = start < 0 ? page.indexOf(`${last}\n`) : start;
  if (at < 0)
    throw new Error(`docs/report-service/cost.md has neither "${heading}" nor "${last}": write one of them into it`);
  const next = page.indexOf("\n## ", at);
  const end = start < 0 ? at : next < 0 ? page.length : next + 1;
  return `${page.slice(0, at)}${section}\n\n${page.slice(end)}`;
}
