import type { VNode } from "preact";
import { h } from "./element.ts";
import type { ChangedField } from "./opened-revision.ts";

/** What stood there and what stands there, as a diff has it. */
export function fieldLines({ path, before, after }: ChangedField): readonly VNode[] {
  return [
    ...(before === undefined ? [] : [h("del", { key: `- ${path}` }, `- ${path}: ${shown(before)}\n`)]),
    ...(after === undefined ? [] : [h("ins", { key: `+ ${path}` }, `+ ${path}: ${shown(after)}\n`)]),
  ];
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
