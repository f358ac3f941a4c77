import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import type { Shift } from "./answers.ts";
import { copyAs, quoted } from "./copy-as.ts";
import { h } from "./element.ts";
import { percentText } from "./words.ts";

/** A shift that has not ended takes the place of the editor's buttons: it would be changed under its feet. */
export function isUnderWay({ state }: Pick<Shift, "state">): boolean {
  return state === "running" || state === "paused" || state === "waiting";
}

/** How far a shift is, what its guard saw, and its verbs. */
export function shiftView(shift: Shift, now: number, canChange: boolean, actions: Actions): VNode {
  const { name, by, reason, step, steps, weight, target, failures, guard, paused, ended } = shift;
  const goal = Object.entries(target).map(([place, share]) => `${place} ${percentText(share)}`);
  const seen = failures.at(-1);
  return h("div", { class: "stack shift", role: "group", "aria-label": `Shift ${name}` }, [
    h("h3", {}, `Shift by ${by}: ${stateText(shift, now)}`),
    h("p", { class: "quiet" }, [`to ${goal.join(", ")}`, reason === "" ? "" : ` – ${reason}`]),
    h("div", { class: "meter planned" }, [
      h("div", { class: "track", "aria-hidden": "true" }, h("div", { class: "fill", style: { width: `${weight}%` } })),
      h("span", { class: "value" }, `${step} of ${steps}: ${percentText(weight)}`),
    ]),
    guard
      ? h(
          "p",
          { class: "quiet" },
          `Guarded: ${guard.metrics.map((each) => `${each.name} at most ${each.max}`).join(", ")}`,
        )
      : undefined,
    seen
      ? h("p", { class: "warning bad" }, `${failures.length} of its intervals failed; the last: ${seen.says}`)
      : undefined,
    paused
      ? h("p", { class: "quiet" }, `Paused by ${paused.by}${paused.reason === "" ? "" : `: ${paused.reason}`}`)
      : undefined,
    ended ? h("p", { class: "quiet" }, `${ended.by}${ended.reason === "" ? "" : `: ${ended.reason}`}`) : undefined,
    isUnderWay(shift)
      ? h("div", { class: "controls" }, [
          shift.state === "running"
            ? verb(name, "pause", "Pause", canChange, actions)
            : verb(name, "resume", "Resume", canChange, actions),
          verb(name, "promote", "Next step now", canChange, actions),
          verb(name, "abort", "Abort", canChange, actions),
          copyAs(
            ["pause", "resume", "promote", "abort"].map((word) => `weir traffic ${word} ${quoted(name)}`).join("\n"),
            { method: "POST", path: `/v1/operations/${encodeURIComponent(name)}:abort` },
          ),
        ])
      : undefined,
  ]);
}

function verb(name: string, word: ShiftVerb, says: string, canChange: boolean, actions: Actions): VNode {
  return h(
    "button",
    { type: "button", key: word, disabled: !canChange, onClick: () => actions.shift(name, word) },
    says,
  );
}

export type ShiftVerb = "pause" | "resume" | "promote" | "abort";

function stateText({ state, nextStepTime, ended }: Shift, now: number): string {
  const since = ended === undefined ? "" : `, ${ageText(now - Date.parse(ended.time))} ago`;
  switch (state) {
    case "running":
      return nextStepTime === undefined ? "running" : `next step in ${ageText(Date.parse(nextStepTime) - now)}`;
    case "waiting":
      return "waits to be resumed";
    case "paused":
      return "paused";
    case "succeeded":
      return `done${since}`;
    case "rolledBack":
      return `rolled back${since}`;
    case "aborted":
      return `aborted${since}`;
  }
}
