import type { VNode } from "preact";
import type { Actions } from "./actions.ts";
import { h } from "./element.ts";

const keys = [
  ["1 – 6", "Traffic, Clients, Changes, Sources, Ejections, Reports"],
  ["e", "edit the shares"],
  ["p", "stop and start what moves"],
  ["Esc", "take back an edit that is not applied"],
  ["?", "this list"],
] as const;

export function helpView(actions: Actions): VNode {
  return h("section", { class: "help", role: "dialog", "aria-label": "Keys", key: "help" }, [
    h("h2", {}, "Keys"),
    h(
      "dl",
      {},
      keys.flatMap(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)]),
    ),
    h("button", { type: "button", onClick: actions.toggleHelp }, "Close"),
  ]);
}
