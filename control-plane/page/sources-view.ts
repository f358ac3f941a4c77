import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Guarded, Overview, SourceRow } from "./answers.ts";
import { h } from "./element.ts";
import { countText } from "./words.ts";

const says: Readonly<Record<SourceRow["state"], string>> = {
  current: "● current",
  suspect: "◐ held back in part",
  stale: "○ cannot be seen",
  waiting: "… not answered yet",
};

/** Where endpoints come from, how old that is, and what of it is not believed yet. */
export function sourcesView({ sources, guard }: Pick<Overview, "sources" | "guard">): VNode {
  if (sources.length === 0)
    return h("section", { class: "empty" }, [
      h("h2", {}, "No source of endpoints is in use"),
      h("p", {}, ["A Service document says where its endpoints come from: ", h("code", {}, "spec.endpoints"), "."]),
    ]);
  return h("div", { class: "stack" }, [
    h("div", { class: "scroll" }, [
      h("table", {}, [
        h("caption", {}, "Sources of endpoints"),
        h("thead", {}, h("tr", {}, ["Source", "State", "Last word", "Services", "Endpoints", "Held back"].map(column))),
        h("tbody", {}, sources.map(row)),
      ]),
    ]),
    heldTable(guard),
  ]);
}

function row({ source, state, ageSeconds, services, endpoints, cause, held }: SourceRow): VNode {
  return h("tr", { key: source }, [
    h("th", { scope: "row" }, source),
    h("td", { class: `state ${state}` }, [says[state], cause === undefined ? "" : h("small", {}, cause)]),
    h("td", { class: "number" }, `${ageText(ageSeconds * 1000)} ago`),
    h("td", { class: "number" }, String(services)),
    h("td", { class: "number" }, String(endpoints)),
    h("td", { class: "number" }, String(held)),
  ]);
}

function heldTable({ held, heldInAll, refused, refusedInAll }: Guarded): VNode {
  if (held.length === 0 && refused.length === 0)
    return h("p", { class: "quiet" }, "All that sources say is believed: nothing is held back, no address is refused.");
  return h("div", { class: "scroll" }, [
    h("table", {}, [
      h(
        "caption",
        {},
        `${countText(heldInAll, "change")} held back, ${countText(refusedInAll, "address", "addresses")} refused`,
      ),
      h("thead", {}, h("tr", {}, ["Service", "Source", "Address", "What", "For", "Believed"].map(column))),
      h("tbody", {}, [
        ...held.map((each) =>
          h("tr", { key: `${each.source} ${each.address}` }, [
            h("th", { scope: "row" }, each.service),
            h("td", {}, each.source),
            h("td", {}, each.address),
            h("td", {}, each.change === "gone" ? "no longer named, kept" : "new, not served yet"),
            h("td", { class: "number" }, ageText(each.heldSeconds * 1000)),
            h(
              "td",
              {},
              each.believedInSeconds === undefined
                ? ["when its source is back, or ", h("code", {}, `weir guard release ${each.service}`)]
                : `in ${ageText(each.believedInSeconds * 1000)}`,
            ),
          ]),
        ),
        ...refused.map((each) =>
          h("tr", { key: `refused ${each.address}` }, [
            h("th", { scope: "row" }, each.service),
            h("td", {}, each.source),
            h("td", {}, each.address),
            h("td", { colSpan: 3 }, each.says),
          ]),
        ),
      ]),
    ]),
  ]);
}

function column(name: string): VNode {
  return h("th", { scope: "col", key: name }, name);
}
