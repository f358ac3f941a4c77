import { readFileSync, writeFileSync } from "node:fs";
import type { Comparison, Result } from "./compare.ts";
import { nowhere } from "./counts.ts";
import { type ClientKind, endpointWords, type Situation } from "./situation.ts";

const page = new URL("../../../docs/prediction.md", import.meta.url);

/** Puts the results between `<!-- results -->` and `<!-- end -->` of docs/prediction.md. */
export function writeResults(results: readonly Result[]): void {
  const text = readFileSync(page, "utf8").replace(
    /(<!-- results -->\n).*?(<!-- end -->)/s,
    (_, begin: string, end: string) => `${begin}${tableOf(results)}${end}`,
  );
  writeFileSync(page, text);
}

function tableOf(results: readonly Result[]): string {
  const bySituation = Map.groupBy(results, ({ situation }) => situation);
  const rows = [...bySituation].map(([situation, each], index) =>
    [
      String(index + 1),
      situation.name,
      thereIs(situation),
      ...(["edge", "grpc"] as const).map((client) => sharesText(each, client)),
    ].join(" | "),
  );
  const header = ["| | situation | endpoints | Envoy | Node client |", "| ---: | --- | --- | --- | --- |"];
  return [...header, ...rows.map((row) => `| ${row} |`), ""].join("\n");
}

/** `dc-a/z1: 2 ok, failing; dc-b/z1: ok*300` */
function thereIs(situation: Situation): string {
  const byLocality = Map.groupBy(endpointWords(situation), ({ locality }) => locality);
  return [...byLocality]
    .map(([locality, endpoints]) => {
      const alike = Map.groupBy(endpoints, ({ word, weight, version }) =>
        [word, weight === 100 ? "" : `\\*${weight}`, version === undefined ? "" : `@${version}`].join(""),
      );
      const words = [...alike].map(([word, { length }]) => (length === 1 ? word : `${length} ${word}`));
      return `${locality}: ${words.join(", ")}`;
    })
    .join("; ");
}

/** `dc-a/z1 70 → 70.2` in percent; those that got nothing and were to get nothing are left out. */
function sharesText(results: readonly Result[], client: ClientKind): string {
  const result = results.find((each) => each.client === client);
  if (!result) return "";
  return told(result)
    .filter(({ predicted, observed }) => predicted > 0 || observed > 0)
    .map(({ of, predicted, observed, requests }) => `${of} ${percent(predicted)} → ${percent(observed / requests)}`)
    .join("<br>");
}

/** Localities, but where versions or single endpoints are what matters, or there is only one of them, those. */
function told({ situation, comparisons }: Result): readonly Comparison[] {
  const [endpoints, places] = [
    comparisons.filter(({ of }) => of.includes("#")),
    comparisons.filter(({ of }) => !of.includes("#")),
  ];
  const versions = endpointWords(situation).map(({ version }) => version);
  const isOnlyOne = Object.keys(situation.endpoints).length === 1;
  if (versions.every((version) => version === undefined))
    return (isOneHash(situation) || isOnlyOne) && endpoints.length > 0
      ? [...endpoints, ...places.filter(({ of }) => of === nowhere)]
      : places;
  const byVersion = Map.groupBy(endpoints, ({ of }) => versions[Number(of.split("#")[1]) - 1] ?? "");
  return [
    ...[...byVersion].map(([of, [first, ...rest]]) => rest.reduce(together, { ...(first ?? none), of })),
    ...places.filter(({ of }) => of === nowhere),
  ];
}

const none: Comparison = { of: "", predicted: 0, observed: 0, requests: 1, isSteady: false };

function together(a: Comparison, b: Comparison): Comparison {
  return { ...a, predicted: a.predicted + b.predicted, observed: a.observed + b.observed };
}

function isOneHash({ headers, policy }: Situation): boolean {
  return headers !== undefined && /RingHash|Maglev/.test(JSON.stringify(policy ?? {}));
}

function percent(share: number): string {
  return String(Math.round(share * 1_000) / 10);
}
