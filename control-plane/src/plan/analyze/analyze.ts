import { atOnce, type Steps } from "../../lib/in-turns.ts";
import { byText } from "../../lib/order.ts";
import type { Problem } from "../../lib/parsed.ts";
import { analyzers } from "./analyzers.ts";
import { type Finding, findingKey, severities } from "./finding.ts";
import type { Path, Scene } from "./scene.ts";

/** All that the analyzers see, worst first, and then as it stands in the documents. */
export function analyze(scene: Scene): readonly Finding[] {
  return atOnce(analyzing(scene));
}

/** The same in steps: a thousand services take longer than one turn of the event loop should. */
export function* analyzing(scene: Scene): Steps<readonly Finding[]> {
  const written = new Map(scene.written.map((each) => [`${each.kind}/${each.name}`, each]));
  const found: Finding[] = [];
  for (const { code, severity, parts } of analyzers)
    for (const part of parts(scene)) {
      for (const { place, says, remedy } of part) {
        const { document, path } = place;
        const where = written.get(`${document.kind}/${document.name}`)?.where ?? plainly;
        found.push({ code, severity, ...where(path), says, remedy, document, help: helpOf(code) });
      }
      yield;
    }
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
