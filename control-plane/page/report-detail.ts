import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import { copyAs, quoted } from "./copy-as.ts";
import { h } from "./element.ts";
import { whyNoChange } from "./may.ts";
import { linkTo, type PageState } from "./page-state.ts";
import type { ReportDetail, ReportOrder } from "./report-answers.ts";
import { reportRequest } from "./report-request.ts";
import { stateChip } from "./report-view.ts";

/** One report: what happened to it, its files, and what can be done with it. */
export function reportDetail(report: ReportDetail | undefined, state: PageState, actions: Actions): VNode {
  const id = state.address.report ?? "";
  const close = h("a", { href: linkTo(state, { state: state.address.state, report: undefined }) }, "Close");
  if (report === undefined)
    return h("section", { class: "editor", "aria-label": `Report ${id}`, key: id }, [
      h("h2", {}, id),
      h("p", { class: "quiet" }, "Asking for it…"),
      close,
    ]);
  const { kind, parameters, artifacts, error } = report;
  return h("section", { class: "editor", "aria-label": `Report ${id}`, key: id }, [
    h("h2", {}, id),
    h("p", {}, [stateChip(report), ` ${kind}`]),
    error ? h("p", { class: "warning bad" }, error.message) : undefined,
    h("ol", { class: "steps", "aria-label": "What happened to it" }, steps(report)),
    h("div", { class: "controls" }, [
      ...artifacts.map(({ format, sizeBytes }) =>
        h(
          "button",
          { type: "button", key: format, onClick: () => actions.download(id, format) },
          `Download ${format.toLowerCase()}, ${sizeText(sizeBytes)}`,
        ),
      ),
    ]),
    acts(report, state, actions),
    Object.keys(parameters).length === 0
      ? undefined
      : h("details", {}, [
          h("summary", {}, "Parameters"),
          h("pre", { tabIndex: 0 }, JSON.stringify(parameters, undefined, 2)),
        ]),
    state.notice
      ? h(
          "p",
          { class: "warning good", role: "status" },
          `${state.notice.says}, ${ageText(state.now - state.notice.at)} ago.`,
        )
      : undefined,
    close,
  ]);
}

function steps({ timeline }: ReportDetail): readonly VNode[] {
  const first = Date.parse(timeline[0]?.time ?? "");
  return timeline.map(({ time, step, says }, index) =>
    h("li", { class: step, key: `${index}` }, [
      h("strong", {}, step),
      h(
        "time",
        { dateTime: time, title: time },
        index === 0 ? time.slice(11, 19) : `+${spanText(Date.parse(time) - first)}`,
      ),
      says === "" ? "" : h("span", {}, says),
    ]),
  );
}

/** `480 ms`, `2.1 s`, `12m`. */
function spanText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : ageText(ms);
}

function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_024 ** 2 ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / 1_024 ** 2).toFixed(1)} MiB`;
}

function acts({ id, state: stands, etag }: ReportDetail, state: PageState, actions: Actions): VNode | undefined {
  const verb = stands === "QUEUED" || stands === "RUNNING" ? "cancel" : stands === "SUCCEEDED" ? undefined : "retry";
  if (verb === undefined) return undefined;
  const why = whyNoChange(state);
  const { order } = state.hands;
  const begin = (): ReportOrder => ({ id, verb, etag, reason: "", stage: { kind: "asking" } });
  if (order?.id !== id || order.verb !== verb)
    return h("div", { class: "controls" }, [
      h(
        "button",
        { type: "button", disabled: why !== undefined, onClick: () => actions.orderReport(begin()) },
        verb === "cancel" ? "Stop it…" : "Make it again…",
      ),
      why === undefined ? "" : h("span", { class: "quiet" }, why),
    ]);
  return confirmation(order, why, actions);
}

function confirmation(order: ReportOrder, why: string | undefined, actions: Actions): VNode {
  const { id, verb, reason, stage } = order;
  const isCancel = verb === "cancel";
  const isReady = why === undefined && stage.kind !== "doing" && (!isCancel || reason.trim() !== "");
  return h(
    "form",
    {
      class: "form",
      onSubmit: (event) => {
        event.preventDefault();
        if (isReady) actions.actOnReport(order);
      },
    },
    [
      h("p", {}, isCancel ? "It ends without a result." : "It is queued again; its attempts are counted on."),
      isCancel
        ? h("label", {}, [
            h("span", {}, "Why (its tenant reads it)"),
            h("input", {
              ...{ type: "text", name: "reason", value: reason, required: true, maxLength: 400, autoComplete: "off" },
              onInput: ({ currentTarget }) => actions.orderReport({ ...order, reason: currentTarget.value }),
            }),
          ])
        : undefined,
      h("div", { class: "controls" }, [
        h(
          "button",
          { type: "submit", class: "primary", disabled: !isReady },
          isCancel ? "Stop the report" : "Make it again",
        ),
        h("button", { type: "button", onClick: () => actions.orderReport(undefined) }, "Leave it"),
      ]),
      stage.kind === "refused"
        ? h("p", { class: "warning bad", role: "alert" }, [h("strong", {}, "Not done: "), stage.says])
        : undefined,
      copyAs(`weir report ${verb} ${id}${isCancel ? ` --reason ${quoted(reason)}` : ""}`, {
        ...reportRequest(order),
        reason,
      }),
    ],
  );
}
