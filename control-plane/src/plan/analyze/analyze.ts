import { byText } from "../../lib/order.ts";
import type { Problem } from "../../lib/parsed.ts";
import { analyzers } from "./analyzers.ts";
import { type Finding, findingKey, severities } from "./finding.ts";
import type { Path, Scene } from "./scene.ts";

/** All that the analyzers see, worst first, and then as it stands in the documents. */
export function analyze(scene: Scene): readonly Finding[] {
  const written = new Map(scene.written.map((each) => [`${each.kind}/${each.name}`, each]));
  const found = analyzers.flatMap(({ code, severity, find }) =>
    [...find(scene)].map(({ place: { document, path }, says, remedy }): Finding => {
      const where = written.get(`${document.kind}/${document.name}`)?.where ?? plainly;
      return { code, severity, ...where(path), says, remedy, document, help: helpOf(code) };
    }),
  );
  // One document can be for many services; what is the same for all of them is said once.
  const once = new Map(found.map((each) => [findingKey(each), each]));
  return [...once.values()].sort(inOrder);
}

export function helpOf(code: string): string {
  return `docs/findings/${code}.md`;
}

function plainly(path: Path): Pick<Problem, "at"> {
  return { at: path.join(".") };
}

function inOrder(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    byText(a.source?.file ?? "", b.source?.file ?? "") ||
    (a.source?.line ?? 0) - (b.source?.line ?? 0) ||
    byText(`${a.document.kind}/${a.document.name}`, `${b.document.kind}/${b.document.name}`) ||
    byText(a.code, b.code) ||
    byText(a.at, b.at)
  );
}
