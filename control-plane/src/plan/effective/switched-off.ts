import { valueAt } from "../../policy/documents/plain-json.ts";
import type { DocumentKind } from "../../policy/policy-store.ts";

/** Fields that only wait while another one has this value. */
const switches: readonly {
  readonly kind: DocumentKind;
  readonly below: string;
  readonly by: readonly string[];
  readonly off: unknown;
}[] = [
  { kind: "TrafficPolicy", below: "outlierDetection.", by: ["outlierDetection", "enabled"], off: false },
  { kind: "TrafficPolicy", below: "retry.", by: ["retry", "attempts"], off: 0 },
];

/** Is the field without effect, because what it belongs to is switched off? */
export function isSwitchedOff(kind: DocumentKind, field: string, spec: unknown): boolean {
  return switches.some(
    (each) =>
      each.kind === kind &&
      field.startsWith(each.below) &&
      field !== each.by.join(".") &&
      valueAt(spec, each.by) === each.off,
  );
}
