import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { Actions } from "./actions.ts";
import type { OverrideRow, Overview } from "./answers.ts";
import { copyAs, quoted } from "./copy-as.ts";
import { newDrain } from "./drain-draft.ts";
import { drainForm } from "./drain-form.ts";
import { h } from "./element.ts";
import { whyNoChange } from "./may.ts";
import type { PageState } from "./page-state.ts";

/** A drain in force, with the services it is in force for. */
export type SeenDrain = Pick<OverrideRow, "locality" | "by" | "reason" | "expiresInSeconds"> & {
  readonly name: string;
  readonly isolates: boolean;
  readonly services: readonly string[];
};

/** One for each Drain: it has a line for each of its services. */
export function drainsOf({ traffic }: Pick<Overview, "traffic">): readonly SeenDrain[] {
  const rows = traffic.overrides.flatMap((row) => (row.drain === undefined ? [] : [{ ...row, name: row.drain }]));
  return [...Map.groupBy(rows, ({ name }) => name).values()].flatMap((all) => {
    const [first] = all;
    if (!first) return [];
    const { name, locality, by, reason, expiresInSeconds, isolates = false } = first;
    return [{ name, locality, by, reason, expiresInSeconds, isolates, services: all.map(({ service }) => service) }];
  });
}

/** What is drained or isolated, above every view, with what ends and extends it. */
export function drainBanner(state: PageState, overview: Overview, actions: Actions): readonly VNode[] {
  const why = whyNoChange(state);
  return drainsOf(overview).map((drain) => {
    const { name, locality, isolates, by, reason, expiresInSeconds, services } = drain;
    const verb = isolates ? "isolated" : "drained";
    const whose = services.length > 3 ? `${services.length} services` : services.join(", ");
    return h(
      "div",
      { class: "warning odd drained", role: "group", "aria-label": `${locality} is ${verb}`, key: name },
      [
        h("p", {}, [
          h("strong", {}, `${locality} ${verb}`),
          ` by ${by} for ${whose}: ${reason}. `,
          h("span", { class: "countdown" }, `${countdownText(expiresInSeconds)} left`),
        ]),
        h("div", { class: "controls" }, [
          h(
            "button",
            { type: "button", disabled: why !== undefined, title: why, onClick: () => actions.undrain(drain) },
            "Undrain",
          ),
          h(
            "button",
            { type: "button", disabled: why !== undefined, title: why, onClick: () => actions.extendDrain(drain) },
            "Extend…",
          ),
          copyAs(`weir delete drain ${quoted(name)}`, {
            method: "DELETE",
            path: `/v1/drains/${encodeURIComponent(name)}`,
          }),
        ]),
      ],
    );
  });
}

/** `59:07`, `3h 12m`. */
function countdownText(seconds: number): string {
  if (seconds >= 3_600) return `${Math.floor(seconds / 3_600)}h ${Math.floor((seconds % 3_600) / 60)}m`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** A button for each data center of the service, and the form that it opens. */
export function drainPlaces(state: PageState, regions: readonly string[], actions: Actions): VNode | undefined {
  const { drain } = state.hands;
  const why = whyNoChange(state);
  const places = regions.filter((region) => region !== "");
  if (drain) return drainForm(drain, state, actions);
  if (places.length === 0) return undefined;
  return h("div", { class: "controls places", role: "group", "aria-label": "Leave a data center alone" }, [
    h("span", { class: "quiet" }, "Leave alone for a while:"),
    ...places.map((region) =>
      h(
        "button",
        {
          type: "button",
          key: region,
          disabled: why !== undefined,
          onClick: () => actions.drafts({ drain: newDrain(region) }),
        },
        `Drain ${region}…`,
      ),
    ),
    why === undefined ? "" : h("span", { class: "quiet" }, why),
    state.notice && state.draft === undefined
      ? h(
          "span",
          { class: "quiet", role: "status" },
          `${state.notice.says}, ${ageText(state.now - state.notice.at)} ago.`,
        )
      : "",
  ]);
}
