import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import { h } from "./element.ts";
import { linkTo, type PageState } from "./page-state.ts";
import { type QueueRow, type ReportRow, type ReportsAnswer, reportStates, type SeenReports } from "./report-answers.ts";
import { reportDetail } from "./report-detail.ts";
import { countText } from "./words.ts";

/** What waits for each worker cluster, a tenant's reports, and what happened to the one that is looked at. */
export function reportView(state: PageState, actions: Actions): VNode {
  const { reports, report } = state.hands;
  if (reports?.isUnknown) return noReportService();
  if (reports === undefined) return h("p", { role: "status" }, "Asking the report service…");
  const { answer } = reports;
  const isOpen = state.address.report !== undefined;
  return h("div", { class: isOpen ? "traffic" : "stack" }, [
    h("div", { class: "stack", key: "reports" }, [
      away(reports, state.now),
      answer ? queueTable(answer) : undefined,
      answer ? reportTable(answer, state) : undefined,
    ]),
    isOpen ? reportDetail(report?.id === state.address.report ? report : undefined, state, actions) : undefined,
  ]);
}

function noReportService(): VNode {
  return h("section", { class: "empty" }, [
    h("h2", {}, "This control plane was told of no report service"),
    h("p", {}, "To look into one here, name the Service whose endpoints it is, or an address:"),
    h("pre", { tabIndex: 0 }, "weir serve --reports-service report\nweir serve --reports-address 127.0.0.1:9001"),
  ]);
}

function away({ answer, at, why }: SeenReports, now: number): VNode | undefined {
  if (why === undefined) return undefined;
  const old = answer
    ? `What you see is ${ageText(now - at)} old.`
    : `Nothing of it was seen yet, for ${ageText(now - at)}.`;
  return h("p", { class: "warning bad", role: "alert", key: "away" }, [
    h("strong", {}, "Reports cannot be seen: "),
    `${why} ${old} This page asks again every 2 seconds.`,
  ]);
}

function queueTable({ queues, silent }: ReportsAnswer): VNode {
  return h("div", { class: "scroll", key: "queues", tabIndex: 0, role: "group", "aria-label": "Queues" }, [
    h("table", {}, [
      h("caption", {}, "Queues, of all tenants"),
      head(["Worker cluster", "Waiting", "Oldest", "Being made", "Workers", "Circuit"]),
      h("tbody", {}, queues.map(queueRow)),
    ]),
    ...silent.map(({ address, why }) => h("p", { class: "warning odd", key: address }, `${address} is silent: ${why}`)),
  ]);
}

// What a report may wait by default before more workers are asked for (--target-wait of the report service).
const longWaitSeconds = 5;

function queueRow({ cluster, waiting, oldestSeconds, running, workers, busy, circuits, datacenters }: QueueRow): VNode {
  const differ = datacenters.filter((each) => each.waiting !== waiting);
  const isLong = oldestSeconds !== undefined && oldestSeconds > longWaitSeconds;
  return h("tr", { key: cluster }, [
    h("th", { scope: "row" }, cluster),
    h("td", { class: "number" }, [
      String(waiting),
      ...differ.map((each) => h("small", { key: each.datacenter }, `${each.datacenter}: ${each.waiting}`)),
    ]),
    h(
      "td",
      { class: isLong ? "number bad" : "number" },
      oldestSeconds === undefined ? "–" : ageText(1000 * oldestSeconds),
    ),
    h("td", { class: "number" }, running === undefined ? "not counted" : String(running)),
    h("td", { class: workers === 0 ? "number bad" : "number" }, workers === 0 ? "none" : `${busy} of ${workers} busy`),
    h(
      "td",
      {},
      circuits.length === 0
        ? "closed"
        : circuits.map(({ server, kind, why, retrySeconds }) =>
            h("div", { class: "bad", key: `${server} ${kind}` }, [
              `✕ ${kind ?? "nothing"} is not made by ${server}: ${why}`,
              h(
                "small",
                {},
                retrySeconds === undefined ? "one tries it now" : `tried in ${ageText(1000 * retrySeconds)}`,
              ),
            ]),
          ),
    ),
  ]);
}

function reportTable({ tenant, reports, more }: ReportsAnswer, state: PageState): VNode {
  const chosen = state.address.state;
  return h("div", { class: "stack", key: "list" }, [
    h("nav", { class: "froms", "aria-label": "States" }, [
      chip("all", linkTo(state, { report: undefined, state: undefined }), chosen === undefined),
      ...reportStates.map((each) => chip(each.toLowerCase(), linkTo(state, { state: each }), chosen === each)),
    ]),
    h("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Reports" }, [
      h("table", {}, [
        h("caption", {}, `Reports of ${tenant}, newest first${more ? `; the first ${reports.length}` : ""}`),
        head(["Report", "State", "Kind", "Ordered", "Took", "Files"]),
        h(
          "tbody",
          {},
          reports.length === 0
            ? h(
                "tr",
                {},
                h("td", { colSpan: 6 }, chosen ? `None is ${chosen.toLowerCase()}.` : "None was ordered yet."),
              )
            : reports.map((report) => row(report, state)),
        ),
      ]),
    ]),
  ]);
}

function chip(says: string, href: string, isChosen: boolean): VNode {
  return h("a", { key: says, href, "aria-current": isChosen ? "true" : undefined }, says);
}

function row(report: ReportRow, state: PageState): VNode {
  const { id, kind, createTime, startTime, endTime, artifacts, attempts } = report;
  const until = endTime === undefined ? state.now : Date.parse(endTime);
  return h("tr", { key: id, class: state.address.report === id ? "chosen" : "" }, [
    h("th", { scope: "row" }, h("a", { href: linkTo(state, { state: state.address.state, report: id }) }, shortId(id))),
    h("td", {}, stateChip(report)),
    h("td", {}, kind),
    h(
      "td",
      {},
      createTime ? h("time", { dateTime: createTime }, `${ageText(state.now - Date.parse(createTime))} ago`) : "",
    ),
    h("td", { class: "number" }, [
      startTime ? ageText(until - Date.parse(startTime)) : "–",
      attempts.length > 1 ? h("small", {}, countText(attempts.length, "attempt")) : "",
    ]),
    h("td", {}, artifacts.map(({ format }) => format.toLowerCase()).join(", ") || "–"),
  ]);
}

/** The beginning tells the data center, the end tells them apart. */
function shortId(id: string): string {
  return id.length <= 18 ? id : `${id.slice(0, 5)}…${id.slice(-8)}`;
}

const signs: Readonly<Record<ReportRow["state"], string>> = {
  QUEUED: "◷",
  RUNNING: "▶",
  SUCCEEDED: "✓",
  FAILED: "✕",
  CANCELLED: "■",
  EXPIRED: "○",
};

export function stateChip({ state, progress, error }: Pick<ReportRow, "state" | "progress" | "error">): VNode {
  const how =
    state === "RUNNING" && progress
      ? ` ${progress.stage} ${progress.percent} %`
      : state === "QUEUED" && progress?.queuePosition
        ? ` place ${progress.queuePosition}`
        : "";
  return h(
    "span",
    { class: `chip ${state.toLowerCase()}`, title: error?.message },
    `${signs[state]} ${state.toLowerCase()}${how}`,
  );
}

function head(names: readonly string[]): VNode {
  return h(
    "thead",
    {},
    h(
      "tr",
      {},
      names.map((name) => h("th", { scope: "col", key: name }, name)),
    ),
  );
}
