import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Overview, Revision } from "./answers.ts";
import { h } from "./element.ts";
import type { PageState } from "./page-state.ts";

/** The journal: who changed what, when and why. */
export function changesView({ now, address }: PageState, { revisions }: Pick<Overview, "revisions">): VNode {
  if (revisions.length === 0)
    return h("section", { class: "empty" }, [
      h("h2", {}, "Nothing was changed yet"),
      h("p", {}, "Every change of a document will stand here, with who made it and why."),
    ]);
  return h("div", { class: "scroll" }, [
    h("table", {}, [
      h("caption", {}, "Changes, newest first"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Revision", "When", "Who", "What", "Why"].map((name) => h("th", { scope: "col", key: name }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        revisions.map((each) => row(each, now, address.revision === each.revision)),
      ),
    ]),
  ]);
}

function row({ revision, at, by, through, reason, changes }: Revision, now: number, isChosen: boolean): VNode {
  return h("tr", { key: revision, class: isChosen ? "chosen" : "" }, [
    h("th", { scope: "row" }, h("a", { href: `#changes?revision=${revision}` }, `r${revision}`)),
    h("td", {}, h("time", { dateTime: at, title: at }, `${ageText(now - Date.parse(at))} ago`)),
    h("td", {}, [by, through === "file" ? h("small", {}, "from a file") : ""]),
    h(
      "td",
      {},
      changes.map(({ kind, name, action }) => h("div", { key: `${kind}/${name}` }, `${action} ${kind} ${name}`)),
    ),
    h("td", {}, reason === "" ? "–" : reason),
  ]);
}
