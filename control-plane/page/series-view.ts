import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import { type HistoryWindow, historyWindows } from "./address.ts";
import type { Overview } from "./answers.ts";
import { h } from "./element.ts";
import { linkTo, type PageState } from "./page-state.ts";
import { createSameElement } from "./same-element.ts";
import { momentAt, ratesOf, type Series, windowMs } from "./series.ts";
import { seriesChart } from "./series-chart.ts";
import { type ChangeMark, marksOf } from "./series-marks.ts";
import { percentText, rateText } from "./words.ts";

/** What traffic was: a chart to be moved over, with who changed what; the same as a table. */
export function seriesView(
  state: PageState,
  { revisions, at: now }: Overview,
  { width, regions }: { readonly width: number; readonly regions: readonly string[] },
  actions: Actions,
): VNode {
  const { series } = state;
  const shown = state.address.window ?? "15m";
  const moments = series?.moments ?? [];
  const chosen =
    series === undefined || state.address.at === undefined ? undefined : momentAt(series, 1_000 * state.address.at);
  const end = Math.round((moments.at(-1)?.at ?? now) / 1_000);
  const go = (at: number | undefined) => actions.look(linkTo(state, { at }));
  return h("section", { class: "series", "aria-label": "What traffic was", key: "series" }, [
    h("div", { class: "bar" }, [
      h("h2", {}, "What it was"),
      ...historyWindows.map((window) => windowLink(state, window, shown)),
      h("span", { class: "totals" }, chosen ? `${clockText(chosen.at)}, ${ageText(now - chosen.at)} ago` : "now"),
      chosen ? h("button", { type: "button", class: "plain", onClick: () => go(undefined) }, "Back to now") : undefined,
    ]),
    series === undefined || moments.length < 2
      ? h("p", { class: "quiet" }, "Nothing is known of before yet: a moment is kept every 5 s.")
      : h("div", { class: "stack" }, [
          seriesChart(series, revisions, { width, regions, chosen: chosen?.at, go, address: state.address }),
          h("label", { class: "moment" }, [
            h("span", { class: "unseen" }, "Moment to be shown; the last one is now"),
            h("input", {
              type: "range",
              // As long as the chart, so that its thumb stands below the moment.
              min: end - windowMs[series.window] / 1_000,
              max: end,
              step: series.everyMs / 1_000,
              value: state.address.at ?? end,
              onInput: ({ currentTarget }) => {
                const at = Number(currentTarget.value);
                go(at < end ? at : undefined);
              },
            }),
          ]),
          sameTable([series, revisions, regions.join(" ")], () => asTable(series, regions, marksOf(series, revisions))),
        ]),
  ]);
}

function windowLink(state: PageState, window: HistoryWindow, shown: HistoryWindow): VNode {
  const href = linkTo(state, { window, at: undefined });
  return h("a", { href, key: window, class: "window", "aria-current": window === shown ? "true" : undefined }, window);
}

const rowsOfTable = 15;
const sameTable = createSameElement();

/** For those who do not see the chart, and who want numbers. Of every so many moments one. */
function asTable(series: Series, regions: readonly string[], marks: readonly ChangeMark[]): VNode {
  const { moments } = series;
  const step = Math.max(1, Math.ceil(moments.length / rowsOfTable));
  const picked = moments.filter((_, index) => (moments.length - 1 - index) % step === 0).reverse();
  return h("details", { key: "table" }, [
    h("summary", {}, "As a table"),
    h("div", { class: "scroll" }, [
      h("table", {}, [
        h("caption", {}, `${series.service}: requests per second by data center, the newest first`),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Time", ...regions, "Errors", "Changes since the row below"].map((name) =>
              h("th", { scope: "col", key: name }, name),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          picked.map((moment, index) => {
            const { byRegion, failed, isKnown } = ratesOf(moment);
            const all = [...byRegion.values()].reduce((sum, rps) => sum + rps, 0);
            const from = picked[index + 1]?.at ?? Number.NEGATIVE_INFINITY;
            const changes = marks.filter(({ at }) => at > from && at <= moment.at).map(({ says }) => says);
            return h("tr", { key: moment.at }, [
              h("th", { scope: "row" }, clockText(moment.at)),
              ...regions.map((region) =>
                h("td", { class: "number", key: region }, isKnown ? rateText(byRegion.get(region) ?? 0) : "unknown"),
              ),
              h("td", { class: "number" }, isKnown ? percentText(all === 0 ? 0 : (100 * failed) / all) : "unknown"),
              h("td", {}, changes.join("; ")),
            ]);
          }),
        ),
      ]),
    ]),
  ]);
}

/** `14:03:05`, of this browser's time zone. */
export function clockText(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}
