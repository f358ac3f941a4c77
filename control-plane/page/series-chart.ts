import type { VNode } from "preact";
import type { Address } from "./address.ts";
import type { Revision } from "./answers.ts";
import { h } from "./element.ts";
import { createSameElement } from "./same-element.ts";
import { momentAt, ratesOf, type Series, windowMs } from "./series.ts";
import { marksOf } from "./series-marks.ts";
import { rateText } from "./words.ts";

const height = 120;
const top = 18;
const bottom = 18;
const colours = 6;
/** Labels of changes closer together than this would lie upon each other. */
const labelWidth = 90;

type Shown = {
  readonly width: number;
  /** In the order of the picture above, whose colours they have. */
  readonly regions: readonly string[];
  /** The time of the moment that is looked at. */
  readonly chosen: number | undefined;
  readonly go: (at: number) => void;
  /** From where `go` goes. */
  readonly address: Address;
};

const sameChart = createSameElement();

/** Requests per second of each data center upon each other, changes as lines across, failed requests as a line. */
export function seriesChart(series: Series, revisions: readonly Revision[], shown: Shown): VNode {
  const { width, regions, chosen, address } = shown;
  // Between two moments there is nothing to draw.
  return sameChart([series, revisions, width, chosen, address, regions.join(" ")], () =>
    draw(series, revisions, shown),
  );
}

function draw(series: Series, revisions: readonly Revision[], { width, regions, chosen, go }: Shown): VNode {
  const { moments, window } = series;
  const end = moments.at(-1)?.at ?? 0;
  const begin = end - windowMs[window];
  const rates = moments.map((moment) => ({ at: moment.at, ...ratesOf(moment) }));
  const most = Math.max(1, ...rates.map(({ byRegion }) => [...byRegion.values()].reduce((sum, rps) => sum + rps, 0)));
  const x = (at: number) => tenth(((at - begin) / windowMs[window]) * width);
  const y = (rps: number) => tenth(top + (height - top - bottom) * (1 - rps / most));
  const below = rates.map(() => 0);
  const areas = regions.map((region, index) => {
    const lower = rates.map(({ at }, nth) => `${x(at)},${y(below[nth] ?? 0)}`);
    for (const [nth, { byRegion }] of rates.entries()) below[nth] = (below[nth] ?? 0) + (byRegion.get(region) ?? 0);
    const upper = rates.map(({ at }, nth) => `${x(at)},${y(below[nth] ?? 0)}`);
    const d = `M${upper.join("L")}L${lower.reverse().join("L")}Z`;
    return h("path", { key: region, d, class: `area colour-${index % colours}` });
  });
  const failed = `M${rates.map(({ at, failed }) => `${x(at)},${y(failed)}`).join("L")}`;
  const choose = (event: MouseEvent) => {
    const target = event.currentTarget as Element;
    const share = (event.clientX - target.getBoundingClientRect().left) / width;
    const moment = momentAt(series, begin + share * windowMs[window]);
    if (moment) go(Math.round(moment.at / 1_000));
  };
  const picture = {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    class: "chart",
    onClick: choose as (event: Event) => void,
  };
  return h("svg", { key: "chart", ...picture, "aria-hidden": "true", focusable: "false" }, [
    ...areas,
    rates.some(({ failed }) => failed > 0) ? h("path", { key: "failed", d: failed, class: "failures" }) : undefined,
    ...marks(series, revisions, width, x),
    chosen === undefined ? undefined : h("path", { key: "chosen", d: across(x(chosen)), class: "chosen" }),
    h("text", { key: "most", x: 2, y: top - 6 }, rateText(most)),
    h("text", { key: "begin", x: 2, y: height - 4 }, `${window} ago`),
    h("text", { key: "end", x: width - 2, y: height - 4, class: "end" }, "now"),
  ]);
}

function marks(
  series: Series,
  revisions: readonly Revision[],
  width: number,
  x: (at: number) => number,
): readonly VNode[] {
  let free = labelWidth;
  return marksOf(series, revisions).map(({ at, revision, label, says }) => {
    const here = x(at);
    const hasRoom = here >= free;
    if (hasRoom) free = here + labelWidth;
    const isLate = here > width - labelWidth;
    return h("g", { key: `r${revision}`, class: "mark" }, [
      h("title", {}, says),
      h("path", { d: across(here), class: "line" }),
      hasRoom
        ? h(
            "text",
            isLate ? { x: here - 3, y: top - 6, class: "end" } : { x: here + 3, y: top - 6 },
            label.length > 14 ? `${label.slice(0, 13)}…` : label,
          )
        : undefined,
    ]);
  });
}

function across(x: number): string {
  return `M${x},${top - 14}V${height - bottom}`;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
