import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import type { Overview, Revision } from "./answers.ts";
import { h } from "./element.ts";
import { whyNoChange } from "./may.ts";
import type { PageState } from "./page-state.ts";
import { revisionView } from "./revision-view.ts";

/** The journal: who changed what, when and why. */
export function changesView(
  state: PageState,
  { revisions, store }: Pick<Overview, "revisions" | "store">,
  actions: Actions,
): VNode {
  const { now, address, opened, notice } = state;
  if (revisions.length === 0)
    return h("section", { class: "empty" }, [
      h("h2", {}, "Nothing was changed yet"),
      h("p", {}, "Every change of a document will stand here, with who made it and why."),
    ]);
  const journal = h("div", { class: "scroll", key: "journal" }, [
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
  const said = notice
    ? h(
        "p",
        { class: "warning good", role: "status", key: "notice" },
        `${notice.says}, ${ageText(now - notice.at)} ago.`,
      )
    : undefined;
  const isOpen = opened !== undefined && opened.revision === address.revision;
  return h("div", { class: isOpen ? "traffic" : "stack" }, [
    h("div", { class: "stack", key: "changes" }, [said, journal]),
    isOpen ? revisionView(opened, store.revision, whyNoChange(state), actions) : undefined,
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
