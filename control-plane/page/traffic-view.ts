import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import type { Overview } from "./answers.ts";
import { noClients } from "./clients-view.ts";
import { drainPlaces } from "./drain-view.ts";
import { h } from "./element.ts";
import { flowPicture } from "./flow-picture.ts";
import { flowsOf } from "./flows.ts";
import { callersShown, draftShown, linkTo, type PageState, serviceShown, servicesOf } from "./page-state.ts";
import { type Moment, momentAt, trafficThen } from "./series.ts";
import { clockText, seriesView } from "./series-view.ts";
import { splitEditor } from "./split-editor.ts";
import { percentText, rateText } from "./words.ts";

/** From here on the editor stands beside the picture; style.css has the same. */
const wide = 980;
const editorWidth = 400;
const margins = 32;

/** Callers, data centers and what flows between them, and the shares to be edited. */
export function trafficView(state: PageState, overview: Overview, actions: Actions): VNode {
  const service = serviceShown(state);
  if (service === undefined) return noServices();
  if (overview.clients.clients === 0) return noClients();
  const draft = draftShown(state);
  const then = state.series && state.address.at && momentAt(state.series, 1_000 * state.address.at);
  const seen = then ? { ...overview, traffic: trafficThen(overview, service, then) } : overview;
  const flows = flowsOf(seen, service);
  const width = Math.max(320, state.width >= wide ? state.width - editorWidth - margins - 24 : state.width - margins);
  const isMoving = state.isMoving && (state.live.kind === "current" || then !== undefined);
  const regions = flowsOf(overview, service).places.map(({ region }) => region);
  return h("div", { class: "traffic" }, [
    h("section", { class: "flows", "aria-label": "Where calls go" }, [
      h("div", { class: "bar" }, [
        serviceLinks(servicesOf(overview), service),
        h("span", { class: "totals" }, totals(seen, service)),
        h(
          "button",
          {
            type: "button",
            class: "plain",
            onClick: actions.toggleMoving,
            "aria-pressed": state.isMoving ? "false" : "true",
          },
          state.isMoving ? "Pause (p)" : "Paused (p)",
        ),
      ]),
      flowPicture(flows, { width: Math.min(width, 1_100), isMoving }),
      h("p", { class: then ? "quiet then" : "quiet" }, then ? replay(then, overview.at) : basis(overview)),
      drainPlaces(state, regions, actions),
      seriesView(state, overview, { width: Math.min(width, 1_100), regions }, actions),
    ]),
    draft
      ? splitEditor(
          { state, overview, draft, froms: fromsOf(overview, service), from: callersShown(state, service) },
          actions,
        )
      : undefined,
  ]);
}

function replay({ at, revision }: Moment, now: number): string {
  return `This is what it was at ${clockText(at)}, ${ageText(now - at)} ago, with revision r${revision}; the shares beside are those of now.`;
}

function fromsOf({ traffic }: Overview, service: string): readonly string[] {
  return [...new Set(traffic.rows.filter((row) => row.service === service).map(({ from }) => from))];
}

function serviceLinks(services: readonly string[], service: string): VNode {
  if (services.length === 1) return h("h2", { class: "service" }, service);
  return h("label", { class: "service" }, [
    h("span", {}, "Service "),
    h(
      "select",
      {
        value: service,
        onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => {
          location.hash = linkTo({ address: { view: "traffic" } }, { service: currentTarget.value });
        },
      },
      services.map((each) => h("option", { value: each, key: each, selected: each === service }, each)),
    ),
  ]);
}

function totals({ traffic }: Overview, service: string): string {
  const observed = traffic.rows.flatMap((row) => (row.service === service && row.observed ? [row.observed] : []));
  if (observed.length === 0) return "waiting for load reports";
  const rps = observed.reduce((sum, each) => sum + each.rps, 0);
  const failed = observed.reduce((sum, { rps, errorPercent = 0 }) => sum + (rps * errorPercent) / 100, 0);
  return `${rateText(rps)}, ${percentText(rps === 0 ? 0 : (100 * failed) / rps)} errors`;
}

function basis({ traffic: { reports } }: Overview): string {
  const { clients, of, windowSeconds, lagSeconds } = reports;
  if (clients === 0)
    return "No client reports its load yet: the lines show what is configured. Envoys and gRPC clients with the bootstraps of `weir bootstrap` report by themselves.";
  return `Observed by the load reports of ${clients} of ${of} clients: ${windowSeconds} s, up to ${lagSeconds} s ago.`;
}

function noServices(): VNode {
  return h("section", { class: "empty" }, [
    h("h2", {}, "No service is described yet"),
    h("p", {}, "A Service document says who can be called and where its endpoints come from. To begin with one:"),
    h("pre", { tabIndex: 0 }, [
      "cat > report.yaml <<'END'\n",
      "apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: report}\nspec:\n  endpoints:\n",
      '    - static:\n        - {address: "127.0.0.1:9001", locality: dc-a/z1}\n',
      "END\nweir apply -f report.yaml",
    ]),
  ]);
}
