import type { VNode } from "preact";
import type { Actions } from "./actions.ts";
import { copyAs, quoted } from "./copy-as.ts";
import { type DrainDraft, drainRequest, type Headroom, withChange } from "./drain-draft.ts";
import { h } from "./element.ts";
import { whyNoChange } from "./may.ts";
import { type PageState, serviceShown } from "./page-state.ts";
import { percentText, rateText } from "./words.ts";

/** To leave a place alone: for how long, why; first what would be left is shown, and too little has to be forced. */
export function drainForm(draft: DrainDraft, state: PageState, actions: Actions): VNode {
  const { locality, mode, isExtended, stage, reason, duration, force } = draft;
  const change = (by: Partial<DrainDraft>) => actions.drafts({ drain: withChange(draft, by) });
  const headroom = stage.kind === "looked" || stage.kind === "doing" ? stage.headroom : undefined;
  const lacks = headroom !== undefined && headroom.missing.length > 0;
  const isBusy = stage.kind === "asking" || stage.kind === "doing" || whyNoChange(state) !== undefined;
  const isReady = !isBusy && reason.trim() !== "" && duration.trim() !== "";
  const verb = isExtended ? "Extend" : mode === "drain" ? "Drain" : "Isolate";
  const service = serviceShown(state);
  return h(
    "form",
    {
      class: "editor drain",
      "aria-label": `${verb} ${locality}`,
      onSubmit: (event) => {
        event.preventDefault();
        if (!isReady) return;
        if (headroom === undefined) actions.lookAheadOfDrain(draft);
        else if (!lacks || force) actions.drain(draft);
      },
    },
    [
      h("h2", {}, `${verb} ${locality}`),
      isExtended
        ? undefined
        : choice(
            "What",
            mode,
            [
              ["drain", "drain: send nobody there"],
              ["isolate", "isolate: keep its callers inside, all others out"],
            ],
            (value) => change({ mode: value === "isolate" ? "isolate" : "drain" }),
          ),
      isExtended || service === undefined
        ? undefined
        : choice(
            "Whose requests",
            draft.services ? "one" : "all",
            [
              ["all", "of all services, those that come later too"],
              ["one", `of ${service}`],
            ],
            (value) => change({ services: value === "one" ? [service] : undefined }),
          ),
      text(isExtended ? "For how long from now" : "For how long", "duration", duration, "30m, 2h, 1d12h", (value) =>
        change({ duration: value }),
      ),
      text("Why", "reason", reason, "CHG-4711: switches are swapped", (value) => change({ reason: value })),
      headroom ? headroomView(headroom) : undefined,
      lacks
        ? h("label", { class: "check" }, [
            h("input", { type: "checkbox", checked: force, onChange: () => change({ force: !force }) }),
            h("span", {}, "Do it all the same: what is left is too little"),
          ])
        : undefined,
      stage.kind === "refused"
        ? h("p", { class: "warning bad", role: "alert" }, [
            h("strong", {}, "Not done: "),
            [stage.says, ...stage.details].join("; "),
          ])
        : undefined,
      h("div", { class: "controls" }, [
        h(
          "button",
          { type: "submit", class: headroom ? "primary" : "", disabled: !isReady || (lacks && !force) },
          headroom === undefined
            ? stage.kind === "asking"
              ? "Looking ahead…"
              : "What would be left?"
            : `${verb} ${locality} now`,
        ),
        h("button", { type: "button", onClick: () => actions.drafts({ drain: undefined }) }, "Leave it"),
      ]),
      copyAs(weirOf(draft), drainRequest(draft)),
    ],
  );
}

function weirOf({ locality, mode, services, duration, reason, force }: DrainDraft): string {
  const of = services ? ` --service ${services.map(quoted).join(" ")}` : "";
  return `weir traffic ${mode} ${quoted(locality)} --for ${quoted(duration)} --reason ${quoted(reason)}${of}${force ? " --force" : ""}`;
}

function choice(
  says: string,
  value: string,
  options: readonly (readonly [value: string, says: string])[],
  onChange: (value: string) => void,
): VNode {
  return h("label", {}, [
    h("span", {}, says),
    h(
      "select",
      { value, onChange: ({ currentTarget }) => onChange(currentTarget.value) },
      options.map(([each, words]) => h("option", { value: each, key: each, selected: each === value }, words)),
    ),
  ]);
}

function text(says: string, name: string, value: string, placeholder: string, onInput: (value: string) => void): VNode {
  return h("label", {}, [
    h("span", {}, says),
    h("input", {
      ...{ type: "text", name, value, placeholder, required: true, maxLength: 500, autoComplete: "off" },
      onInput: ({ currentTarget }) => onInput(currentTarget.value),
    }),
  ]);
}

function headroomView({ services, missing, warnings }: Headroom): VNode {
  const rows = services.flatMap(({ service, places }) => places.map((place) => ({ service, ...place })));
  return h("div", { class: "plan", role: "status" }, [
    h("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "What would be left" }, [
      h("table", {}, [
        h("caption", {}, "What would be left"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Place", "Now", "Then", "Bears", "Serving"].map((name, index) =>
              h("th", { scope: "col", key: name, ...(index > 0 && { class: "number" }) }, name),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map(({ service, place, percentBefore, percentAfter, rpsAfter, capacityRps, serving }) =>
            h("tr", { key: `${service} ${place}` }, [
              h("th", { scope: "row" }, [place, h("small", {}, ` ${service}`)]),
              h("td", { class: "number" }, percentText(percentBefore)),
              h("td", { class: "number" }, [
                percentText(percentAfter),
                rpsAfter === undefined ? "" : h("small", {}, rateText(rpsAfter)),
              ]),
              h("td", { class: "number" }, capacityRps === undefined ? "not said" : rateText(capacityRps)),
              h("td", { class: "number" }, String(serving)),
            ]),
          ),
        ),
      ]),
    ]),
    ...missing.map((says) => h("p", { class: "warning bad", key: says }, [h("strong", {}, "Too little: "), says])),
    ...warnings.map((says) => h("p", { class: "warning odd", key: says }, says)),
  ]);
}
