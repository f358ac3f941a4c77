import type { VNode } from "preact";
import type { Actions } from "./actions.ts";
import { copyAs, quoted } from "./copy-as.ts";
import { h } from "./element.ts";
import { fieldLines } from "./field-lines.ts";
import type { OpenedRevision, RevisionDetail } from "./opened-revision.ts";
import { planView } from "./plan-view.ts";

/** What one revision changed, and the way back to how things were with it. */
export function revisionView(opened: OpenedRevision, newest: number, why: string | undefined, actions: Actions): VNode {
  const { revision, detail, stage } = opened;
  return h("section", { class: "editor", "aria-label": `Revision ${revision}`, key: `revision ${revision}` }, [
    h("h2", {}, `Revision r${revision}`),
    detail ? h("div", { class: "stack" }, detail.changes.map(change)) : h("p", { class: "quiet" }, "Asking for it…"),
    revision === newest
      ? h("p", { class: "quiet" }, "This is what holds now. To take it back, open the revision before it.")
      : back(opened, newest, why, actions),
    stage.kind === "refused"
      ? h("p", { class: "warning bad", role: "alert" }, [h("strong", {}, "Not done: "), stage.says])
      : undefined,
  ]);
}

function change({ kind, name, action, fields }: RevisionDetail["changes"][number]): VNode {
  return h("div", { key: `${kind}/${name}` }, [
    h("h3", {}, `${action} ${kind} ${name}`),
    fields === undefined
      ? h("p", { class: "quiet" }, "What it said is not kept.")
      : h("pre", { class: "diff", tabIndex: 0 }, fields.flatMap(fieldLines)),
  ]);
}

function back(opened: OpenedRevision, newest: number, why: string | undefined, actions: Actions): VNode {
  const { revision, reason, stage } = opened;
  const isBusy = stage.kind === "planning" || stage.kind === "going" || why !== undefined;
  const isPlanned = stage.kind === "planned" || stage.kind === "going";
  return h("div", { class: "stack" }, [
    h("p", { class: "quiet" }, `Going back puts all documents to what they were at r${revision}, as a new revision.`),
    why === undefined ? undefined : h("p", { class: "quiet" }, why),
    isPlanned ? rollbackPlan(stage.plan) : undefined,
    h(
      "form",
      {
        class: "apply",
        onSubmit: (event) => {
          event.preventDefault();
          if (reason.trim() === "") return;
          if (isPlanned) actions.goBack(opened);
          else actions.planBack(opened);
        },
      },
      [
        h("label", {}, [
          h("span", {}, "Why"),
          h("input", {
            ...{ type: "text", name: "reason", value: reason, required: true, maxLength: 500, autoComplete: "off" },
            onInput: ({ currentTarget }) => actions.open({ ...opened, reason: currentTarget.value }),
          }),
        ]),
        h(
          "button",
          { type: "submit", class: isPlanned ? "primary" : "", disabled: isBusy || reason.trim() === "" },
          isPlanned ? `Go back to r${revision}` : "Plan the way back",
        ),
        copyAs(`weir rollback r${revision} --reason ${quoted(reason)}`, {
          ...{ method: "POST", path: `/v1/revisions/r${revision}:rollback`, reason },
          headers: { "if-match": `"r${stage.kind === "planned" ? stage.base : newest}"` },
        }),
      ],
    ),
  ]);
}

function rollbackPlan(plan: Extract<OpenedRevision["stage"], { kind: "planned" }>["plan"]): VNode {
  const services = plan.traffic.map(({ service }) => service);
  return h(
    "div",
    { class: "stack" },
    (services.length === 0 ? [""] : services).map((service) => planView(plan, service)),
  );
}
