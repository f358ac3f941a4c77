import type { VNode } from "preact";
import type { Planned } from "./answers.ts";
import { h } from "./element.ts";
import { fieldLines } from "./field-lines.ts";
import { countText, percentText, rateText } from "./words.ts";

const bases = {
  observed: "by what clients report",
  declared: "by expectedRps",
  clients: "every connected client alike",
  imagined: "a caller in each data center, since nobody is connected",
} as const;

/** What a change would do: traffic against capacity, clients, xDS, and what it gets wrong. */
export function planView(
  { base, isEmpty, clients, traffic, resources, findings, resolved, documents }: Planned,
  service: string,
): VNode {
  if (isEmpty) return h("p", { role: "status" }, `Nothing would change (against r${base}).`);
  const notes = documents.flatMap(({ notes }) => notes);
  const own = traffic.find((each) => each.service === service);
  return h("div", { class: "plan", role: "status" }, [
    h("h3", {}, `Plan, against r${base}`),
    own
      ? h("table", {}, [
          h("caption", {}, `Traffic, ${bases[own.basis]}`),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["To", "Now", "Then", "Of capacity"].map((name) => h("th", { scope: "col", key: name }, name)),
            ),
          ),
          h(
            "tbody",
            {},
            own.regions.map((region) => trafficRow(region, own.rps)),
          ),
        ])
      : h("p", {}, "Traffic goes where it went."),
    h("p", {}, [
      h("strong", {}, `${clients.touched} of ${countText(clients.of, "client")}`),
      ` would be sent ${countText(resources.length, "resource")}`,
      clients.groups.length === 0
        ? "."
        : `: ${clients.groups.map(({ clients, kind, locality }) => `${clients} ${kind} in ${locality || "no locality"}`).join(", ")}.`,
    ]),
    resources.length === 0 ? undefined : xdsDiff(resources),
    ...findings.map(({ code, severity, says, remedy }) =>
      h("p", { class: `warning ${severity === "info" ? "odd" : "bad"}`, key: `${code} ${says}` }, [
        h("strong", {}, `${severity} ${code}: `),
        `${says}. ${remedy}`,
      ]),
    ),
    ...resolved.map(({ code, says }) =>
      h("p", { class: "quiet", key: `resolved ${code} ${says}` }, `No longer so: ${code} ${says}`),
    ),
    ...notes.map((note) => h("p", { class: "quiet", key: note }, note)),
    findings.length === 0 ? h("p", { class: "quiet" }, "No findings.") : undefined,
  ]);
}

/** What of xDS would be other than it is, field by field. */
export function xdsDiff(resources: Planned["resources"]): VNode {
  return h("details", {}, [
    h("summary", {}, `${countText(resources.length, "resource")} of xDS`),
    ...resources.map(({ type, name, action, viewers, versionBefore, versionAfter, fields, fieldsLeftOut }) =>
      h("div", { key: `${type} ${name} ${viewers.join()}` }, [
        h("h4", {}, `${action} ${type} ${name}`),
        h("p", { class: "quiet" }, `${versionBefore ?? "none"} → ${versionAfter ?? "none"}, for ${viewers.join(", ")}`),
        h("pre", { class: "diff", tabIndex: 0 }, [
          ...fields.flatMap(fieldLines),
          fieldsLeftOut > 0 ? `and ${fieldsLeftOut} more fields\n` : "",
        ]),
      ]),
    ),
  ]);
}

type Region = Planned["traffic"][number]["regions"][number];

function trafficRow({ region, percentBefore, percentAfter, capacityRps }: Region, rps: number | undefined): VNode {
  const then = rps === undefined ? undefined : (rps * percentAfter) / 100;
  const part =
    then === undefined || capacityRps === undefined || capacityRps === 0 ? undefined : (100 * then) / capacityRps;
  return h("tr", { key: region }, [
    h("th", { scope: "row" }, region === "" ? "nowhere" : region),
    h("td", { class: "number" }, percentText(percentBefore)),
    h("td", { class: "number" }, [percentText(percentAfter), then === undefined ? "" : h("small", {}, rateText(then))]),
    h(
      "td",
      { class: part !== undefined && part > 100 ? "number bad" : "number" },
      part === undefined ? "not declared" : percentText(part),
    ),
  ]);
}
