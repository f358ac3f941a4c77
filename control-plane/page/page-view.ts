import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import { type ViewName, views } from "./address.ts";
import type { Overview } from "./answers.ts";
import { changesView } from "./changes-view.ts";
import { clientsView } from "./clients-view.ts";
import { drainBanner } from "./drain-view.ts";
import { ejectionView } from "./ejection-view.ts";
import { h } from "./element.ts";
import { helpView } from "./help-view.ts";
import { type Live, overviewOf } from "./live.ts";
import { loginView } from "./login-view.ts";
import { linkTo, type PageState } from "./page-state.ts";
import { reportView } from "./report-view.ts";
import { sourcesView } from "./sources-view.ts";
import { trafficView } from "./traffic-view.ts";
import { warningsOf } from "./warnings.ts";

const titles: Readonly<Record<ViewName, string>> = {
  traffic: "Traffic",
  clients: "Clients",
  changes: "Changes",
  sources: "Sources",
  ejections: "Ejections",
  reports: "Reports",
};

/** The whole page. */
export function pageView(state: PageState, actions: Actions): VNode {
  const overview = overviewOf(state.live);
  return h("div", { class: "page" }, [
    header(state, overview),
    ...warnings(state, overview),
    ...(overview ? drainBanner(state, overview, actions) : []),
    h("main", { id: "main", class: "main", key: "main", tabIndex: -1 }, [
      h("h1", { class: "unseen" }, titles[state.address.view]),
      state.asksWho
        ? loginView(state, actions)
        : overview === undefined
          ? waiting(state)
          : viewOf(state, overview, actions),
    ]),
    state.isHelpOpen ? helpView(actions) : undefined,
  ]);
}

function viewOf(state: PageState, overview: Overview, actions: Actions): VNode {
  switch (state.address.view) {
    case "traffic":
      return trafficView(state, overview, actions);
    case "clients":
      return clientsView(state, overview);
    case "changes":
      return changesView(state, overview, actions);
    case "ejections":
      return ejectionView(state.ejections, state.now);
    case "reports":
      return reportView(state, actions);
    case "sources":
      return sourcesView(overview);
  }
}

function header(state: PageState, overview: Overview | undefined): VNode {
  const counts: Partial<Record<ViewName, number>> = overview ? { clients: overview.clients.clients } : {};
  return h("header", { class: "header", key: "header" }, [
    h("a", { class: "skip", href: "#main", onClick: toMain }, "Skip to content"),
    h("span", { class: "name" }, "Weir"),
    h(
      "nav",
      { "aria-label": "Views" },
      views.map((view) =>
        h(
          "a",
          {
            href: linkTo(state, { view }),
            "aria-current": state.address.view === view ? "page" : undefined,
            key: view,
          },
          [titles[view], counts[view] === undefined ? "" : h("span", { class: "count" }, String(counts[view]))],
        ),
      ),
    ),
    h("span", { class: `live ${state.live.kind}` }, liveText(state.live, state.now)),
    h("span", { class: "version" }, overview ? `v${overview.version} · r${overview.store.revision}` : ""),
  ]);
}

/** A link to a part of the page would change the hash, which is the view. */
function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function liveText(live: Live, now: number): string {
  switch (live.kind) {
    case "waiting":
      return "connecting";
    case "current":
      return "● live";
    case "lost":
      return `○ ${ageText(now - live.at)} old`;
  }
}

function warnings({ live, now, asksWho }: PageState, overview: Overview | undefined): readonly VNode[] {
  const lost =
    live.kind === "lost" && !asksWho
      ? [
          h("p", { class: "warning bad", role: "alert", key: "lost" }, [
            h("strong", {}, "The control plane does not answer"),
            ` (${live.why}). What you see is ${ageText(now - live.at)} old. `,
            "Clients keep what they have; nothing can be changed until it is back.",
          ]),
        ]
      : [];
  const told = overview ? warningsOf(overview) : [];
  return [
    ...lost,
    ...told.map(({ tone, says, what }) =>
      h("p", { class: `warning ${tone}`, role: "status", key: `${what} ${says}` }, [h("strong", {}, what), ` ${says}`]),
    ),
  ];
}

function waiting({ live, now }: PageState): VNode {
  const why = live.kind === "waiting" ? live.why : undefined;
  const since = live.kind === "waiting" ? live.since : now;
  return h("section", { class: "empty" }, [
    h("h2", {}, why === undefined ? "Asking the control plane" : "The control plane does not answer"),
    h("p", {}, why === undefined ? "" : `${why}, for ${ageText(now - since)}. This page asks again every second.`),
  ]);
}
