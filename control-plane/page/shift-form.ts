import type { VNode } from "preact";
import type { Actions } from "./actions.ts";
import { copyAs, quoted } from "./copy-as.ts";
import { h } from "./element.ts";
import { type StepsDraft, shiftRequest, whyNoSteps } from "./shift-draft.ts";
import type { Draft } from "./split-draft.ts";

/** How the planned shares are to be reached step by step, and the button that begins it. */
export function shiftForm(draft: Draft, steps: StepsDraft, isBusy: boolean, actions: Actions): VNode {
  const why = whyNoSteps(draft);
  if (!steps.isOpen || why !== undefined)
    return h("div", { class: "controls" }, [
      h(
        "button",
        {
          type: "button",
          disabled: isBusy || why !== undefined,
          onClick: () => actions.drafts({ steps: { ...steps, isOpen: true } }),
        },
        "Apply in steps…",
      ),
      why === undefined ? "" : h("span", { class: "quiet" }, why),
    ]);
  const change = (by: Partial<StepsDraft>) => actions.drafts({ steps: { ...steps, ...by } });
  const { points, pause, maxErrorPercent } = steps;
  const request = shiftRequest(draft, steps);
  const weights = request.body.steps.flatMap((step) => ("setWeight" in step ? [step.setWeight] : []));
  const isReady = !isBusy && draft.reason.trim() !== "" && pause.trim() !== "" && points > 0;
  return h("div", { class: "form", role: "group", "aria-label": "Apply in steps" }, [
    field("Points at once", { type: "number", min: 1, max: 100, step: 1, value: points, name: "points" }, (input) => {
      if (input.valueAsNumber >= 1) change({ points: input.valueAsNumber });
    }),
    field("Kept for", { type: "text", value: pause, name: "pause", placeholder: "1m, or untilResumed" }, (input) =>
      change({ pause: input.value }),
    ),
    field(
      "Taken back from so many percent of errors on (empty: never)",
      { type: "number", min: 0, max: 100, step: 0.1, value: maxErrorPercent ?? "", name: "errors" },
      (input) => change({ maxErrorPercent: Number.isNaN(input.valueAsNumber) ? undefined : input.valueAsNumber }),
    ),
    h(
      "p",
      { class: "quiet" },
      `${weights.length === 1 ? "One step" : `${weights.length} steps`}: ${weights.map((each) => `${Math.round(each)} %`).join(", ")} of the way.`,
    ),
    h("div", { class: "controls" }, [
      h(
        "button",
        { type: "button", class: "primary", disabled: !isReady, onClick: () => actions.beginShift(draft, steps) },
        "Begin the shift",
      ),
      h("button", { type: "button", onClick: () => change({ isOpen: false }) }, "Not in steps"),
    ]),
    copyAs(weirOf(draft, steps), { ...request, reason: draft.reason }),
  ]);
}

function weirOf({ service, from, shares, reason }: Draft, { points, pause, maxErrorPercent }: StepsDraft): string {
  const guard = maxErrorPercent === undefined ? "--no-guard" : `--max-error-rate ${maxErrorPercent}%`;
  const callers = from === "*" ? "" : ` --from ${quoted(from)}`;
  return `weir traffic shift ${quoted(service)} ${sharesText(shares)}${callers} --step ${points} --pause ${quoted(pause)} ${guard} --reason ${quoted(reason)}`;
}

export function sharesText(shares: Readonly<Record<string, number>>): string {
  return Object.entries(shares)
    .map(([place, percent]) => quoted(`${place}=${percent}`))
    .join(" ");
}

type Given = Omit<Parameters<typeof h>[1], "onInput">;

function field(says: string, attributes: Given, onInput: (input: HTMLInputElement) => void): VNode {
  return h("label", {}, [
    h("span", {}, says),
    h("input", { ...attributes, autoComplete: "off", onInput: ({ currentTarget }) => onInput(currentTarget) }),
  ]);
}
