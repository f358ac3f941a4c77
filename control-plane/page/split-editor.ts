import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import type { Overview, TrafficRow } from "./answers.ts";
import { copyAs, quoted } from "./copy-as.ts";
import { h } from "./element.ts";
import { whyNoChange } from "./may.ts";
import { linkTo, type PageState } from "./page-state.ts";
import { planView } from "./plan-view.ts";
import { sharesText, shiftForm } from "./shift-form.ts";
import { isUnderWay, shiftView } from "./shift-view.ts";
import {
  conditionOf,
  type Draft,
  documentOf,
  filledUp,
  isChanged,
  ruleFor,
  sumOf,
  whyNotPlanned,
  withShare,
} from "./split-draft.ts";
import { percentText } from "./words.ts";

type Given = {
  readonly state: PageState;
  readonly overview: Overview;
  readonly draft: Draft;
  readonly froms: readonly string[];
  readonly from: string;
};

/** Shares as configured, planned and observed, side by side; a plan first, then it is applied. */
export function splitEditor({ state, overview, draft, froms, from }: Given, actions: Actions): VNode {
  const { service } = draft;
  const rule = ruleFor(overview.splits, service, from);
  const places = placesOf(overview, draft);
  const shift = overview.shifts.find((each) => each.service === service && each.from === from);
  const isShifting = shift !== undefined && isUnderWay(shift);
  const why = whyNoChange(state);
  const canChange = why === undefined;
  const isBusy = isShifting || draft.stage.kind === "planning" || draft.stage.kind === "applying" || !canChange;
  return h("section", { class: "editor", "aria-label": "Shares" }, [
    h("h2", {}, ["Shares of ", service]),
    froms.length > 1 ? fromLinks(state, froms, from) : h("p", { class: "quiet" }, callersText(from)),
    rule?.prefer === "nearest" || rule === undefined
      ? h("p", { class: "quiet" }, "Callers go to the nearest now. Shares given here take the place of that.")
      : undefined,
    h("div", { class: "legend", "aria-hidden": "true" }, [
      h("span", { class: "key configured" }, "configured"),
      h("span", { class: "key planned" }, "planned"),
      h("span", { class: "key observed" }, "observed"),
    ]),
    h(
      "div",
      { class: "shares" },
      places.map((place) => shareRow(place, { overview, draft, configured: rule?.to?.[place], isBusy }, actions)),
    ),
    failover(rule?.failover),
    shift ? shiftView(shift, state.now, canChange, actions) : undefined,
    why === undefined ? undefined : h("p", { class: "quiet" }, why),
    isShifting ? undefined : controls(draft, isBusy, actions),
    ...stageView(draft, isBusy, state, actions),
    state.notice ? notice(state, overview) : undefined,
  ]);
}

function callersText(from: string): string {
  return from === "*" ? "Of all callers" : `Of callers from ${from}`;
}

function fromLinks(state: PageState, froms: readonly string[], from: string): VNode {
  return h(
    "nav",
    { class: "froms", "aria-label": "Callers" },
    froms.map((each) =>
      h(
        "a",
        { key: each, href: linkTo(state, { from: each }), "aria-current": each === from ? "true" : undefined },
        callersText(each),
      ),
    ),
  );
}

/** Places of the rule, and every other data center of the service. */
function placesOf({ traffic }: Overview, { service, shares, base, from }: Draft): readonly string[] {
  const named = Object.keys(ruleFor({ trafficSplits: [base] }, service, from)?.to ?? {});
  const regions = traffic.places.filter((place) => place.service === service).map(({ region }) => region);
  return [...new Set([...named, ...Object.keys(shares), ...regions.filter((region) => region !== "")])];
}

type RowGiven = {
  readonly overview: Overview;
  readonly draft: Draft;
  readonly configured: number | undefined;
  readonly isBusy: boolean;
};

function shareRow(place: string, { overview, draft, configured, isBusy }: RowGiven, actions: Actions): VNode {
  const share = draft.shares[place] ?? 0;
  const change = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const percent = currentTarget.valueAsNumber;
    if (!Number.isNaN(percent)) actions.edit(withShare(draft, place, percent));
  };
  const row = overview.traffic.rows.find(
    (each) => each.service === draft.service && each.from === draft.from.replace(/\/\*$/, "") && each.to === place,
  );
  const observed = row?.observed?.percent ?? ofRegions(overview, draft, place);
  const common = { min: 0, max: 100, value: share, disabled: isBusy, onInput: change };
  return h("div", { class: "share", key: place, role: "group", "aria-label": place }, [
    h("span", { class: "place" }, place),
    h("input", { type: "range", step: 1, "aria-label": `Share of ${place}`, ...common }),
    h("input", {
      type: "number",
      step: 0.1,
      inputMode: "decimal",
      "aria-label": `Share of ${place} in percent`,
      ...common,
    }),
    h("span", { class: "unit" }, "%"),
    h("div", { class: "bars" }, [
      bar("configured", configured, configured === undefined ? standbyText(row) : percentText(configured)),
      isChanged(draft) ? bar("planned", share, percentText(share)) : undefined,
      bar("observed", observed, observed === undefined ? "no reports" : percentText(observed)),
    ]),
  ]);
}

function standbyText(row: TrafficRow | undefined): string {
  return row?.use === "standby" ? `standby ${row.priority}` : "none";
}

/** What "nearest" came to. */
function ofRegions({ traffic }: Overview, { service, from }: Draft, place: string): number | undefined {
  const rows = traffic.rows.filter((row) => row.service === service && row.from === from.replace(/\/\*$/, ""));
  return rows.flatMap(({ regions = [] }) => regions).find(({ region }) => region === place)?.observed.percent;
}

function bar(kind: "configured" | "planned" | "observed", percent: number | undefined, says: string): VNode {
  return h("div", { class: `meter ${kind}`, key: kind, title: kind }, [
    h(
      "div",
      { class: "track", "aria-hidden": "true" },
      h("div", { class: "fill", style: { width: `${percent ?? 0}%` } }),
    ),
    h("span", { class: "value" }, [h("span", { class: "unseen" }, `${kind} `), says]),
  ]);
}

function failover(list: readonly string[] | "nearest" | undefined): VNode {
  const says =
    list === undefined || list.length === 0
      ? "nobody"
      : list === "nearest"
        ? "the nearest others"
        : list.join(", then ");
  return h("p", { class: "quiet" }, ["When those are not healthy enough: ", says, "."]);
}

function controls(draft: Draft, isBusy: boolean, actions: Actions): VNode {
  const why = whyNotPlanned(draft);
  const sum = sumOf(draft);
  const keep = lastOf(draft);
  return h("div", { class: "controls" }, [
    h("span", { class: sum === 100 ? "sum" : "sum wrong", role: "status" }, [
      `sum ${sum}`,
      sum === 100 || keep === undefined
        ? ""
        : h(
            "button",
            { type: "button", onClick: () => actions.edit(filledUp(draft, keep)), disabled: isBusy },
            "Make it 100",
          ),
    ]),
    h(
      "button",
      { type: "button", onClick: () => actions.plan(draft), disabled: isBusy || why !== undefined, title: why },
      "Plan",
    ),
    h("button", { type: "button", class: "plain", onClick: actions.discard, disabled: !isChanged(draft) }, "Take back"),
  ]);
}

/** The place that was changed most stays as it was set. */
function lastOf(draft: Draft): string | undefined {
  const before = ruleFor({ trafficSplits: [draft.base] }, draft.service, draft.from)?.to ?? {};
  const moved = (place: string) => Math.abs((draft.shares[place] ?? 0) - (before[place] ?? 0));
  return Object.keys(draft.shares).toSorted((a, b) => moved(b) - moved(a))[0];
}

function stageView(
  draft: Draft,
  isBusy: boolean,
  { hands }: PageState,
  actions: Actions,
): readonly (VNode | undefined)[] {
  const { stage } = draft;
  switch (stage.kind) {
    case "editing":
      return [];
    case "planning":
      return [h("p", { role: "status" }, "Planning…")];
    case "planned":
    case "applying":
      return [
        planView(stage.plan, draft.service),
        applyForm(draft, isBusy, actions),
        stage.plan.isEmpty ? undefined : shiftForm(draft, hands.steps, isBusy, actions),
      ];
    case "refused":
      return [
        h("div", { class: "warning bad", role: "alert" }, [
          h("strong", {}, "Not done: "),
          stage.says,
          stage.details.length > 1
            ? h(
                "ul",
                {},
                stage.details.map((each) => h("li", { key: each }, each)),
              )
            : "",
          stage.isOutdated ? h("button", { type: "button", onClick: actions.discard }, "Read it again") : "",
        ]),
      ];
  }
}

function applyForm(draft: Draft, isBusy: boolean, actions: Actions): VNode {
  const { stage, reason } = draft;
  const isEmpty = stage.kind === "planned" && stage.plan.isEmpty;
  return h(
    "form",
    {
      class: "apply",
      onSubmit: (event: Event) => {
        event.preventDefault();
        if (reason.trim() !== "" && !isEmpty) actions.apply(draft);
      },
    },
    [
      h("label", {}, [
        h("span", {}, "Why"),
        h("input", {
          type: "text",
          name: "reason",
          value: reason,
          required: true,
          maxLength: 500,
          autoComplete: "off",
          placeholder: "CHG-4711: dc-a is being rewired",
          onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
            actions.edit({ ...draft, reason: currentTarget.value }),
        }),
      ]),
      h(
        "button",
        { type: "submit", class: "primary", disabled: isBusy || isEmpty || reason.trim() === "" },
        stage.kind === "applying" ? "Applying…" : "Apply now",
      ),
      copyAs(weirOf(draft), {
        ...{ method: "PUT", path: `/v1/trafficSplits/${encodeURIComponent(draft.base.metadata.name)}`, reason },
        ...{ headers: conditionOf(draft), body: documentOf(draft) },
      }),
    ],
  );
}

function weirOf({ service, from, shares, reason }: Draft): string {
  const callers = from === "*" ? "" : ` --from ${quoted(from)}`;
  return `weir traffic set ${quoted(service)} ${sharesText(shares)}${callers} --reason ${quoted(reason)}`;
}

function notice({ notice, now }: PageState, { clients }: Overview): VNode | undefined {
  if (notice === undefined) return undefined;
  const { synced, clients: all } = clients;
  return h("p", { class: "warning good", role: "status" }, [
    h("strong", {}, `${notice.says}, ${ageText(now - notice.at)} ago. `),
    `${synced} of ${all} clients have all that they are to have.`,
  ]);
}
