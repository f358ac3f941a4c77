export const languages = ["SQL", "JavaScript", "Python"] as const;
export type Language = (typeof languages)[number];

/** A report as a client orders it. */
export type OrderedReport = {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, string | number>>;
};

const kinds: Readonly<Record<Language, string>> = {
  SQL: "reportKinds/top-products",
  JavaScript: "reportKinds/customer-cohorts",
  Python: "reportKinds/tiered-invoice",
};

/** In which language a worker cluster's reports are made. */
export function languageOfCluster(cluster: string): Language | undefined {
  return languages.find((language) => language.toLowerCase() === cluster);
}

/** All of them together. */
export function sumOf(counts: Readonly<Record<Language, number>>): number {
  return languages.reduce((sum, language) => sum + counts[language], 0);
}

/** In which language a report of this kind is made. */
export function languageOf(kind: string): Language {
  return languages.find((language) => kinds[language] === kind) ?? "SQL";
}

/**
 * Most reports are made by a query; some by code in JavaScript, and few in Python, of which each keeps a processor busy for
 * a while.
 */
export function orderedReport(random: () => number): OrderedReport {
  const drawn = random() * 100;
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  if (drawn < 85) return { kind: kinds.SQL, parameters: { limit: upTo(50) } };
  if (drawn < 95) return { kind: kinds.JavaScript, parameters: { months: upTo(24) } };
  const customer = `customer-${String(upTo(400)).padStart(5, "0")}`;
  return { kind: kinds.Python, parameters: { customer, month: "2026-03-01" } };
}
