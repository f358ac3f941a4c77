import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import { h } from "./element.ts";
import { type Box, type FlowLine, flowLayout } from "./flow-layout.ts";
import type { Caller, Flow, Flows, Place } from "./flows.ts";
import { movingDots } from "./moving-dots.ts";
import { countText, percentText, rateText } from "./words.ts";

/** Colours are chosen to be told apart by everybody; style.css has as many. */
const colours = 6;

/** Callers, data centers and what flows between them. `isMoving`: dots run along the lines, one for so many requests. */
export function flowPicture(
  flows: Flows,
  { width, isMoving }: { readonly width: number; readonly isMoving: boolean },
): VNode {
  const { height, callers, places, lines } = flowLayout(flows, width);
  return h("div", { class: "picture" }, [
    h("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" }, [
      ...lines.map(line),
      ...lines.map(label),
      ...callers.map(({ caller, box }) => callerBox(caller, box)),
      ...places.map(({ place, index, box }) => placeBox(place, index, box)),
    ]),
    h(
      "div",
      { class: "dots", "aria-hidden": "true", key: "dots" },
      isMoving ? lines.flatMap((line) => movingDots(line, `colour-${line.index % colours}`)) : [],
    ),
    sameInWords(flows),
  ]);
}

function keyOf({ from, to }: Flow): string {
  return `${from} ${to}`;
}

function line({ flow, index, path, thickness }: FlowLine): VNode {
  const known = flow.observedPercent === undefined ? "unknown" : flow.rps > 0 ? "flowing" : "still";
  const { errorPercent = 0 } = flow;
  return h("g", { key: `line ${keyOf(flow)}` }, [
    h("path", { d: path, class: `flow ${flow.use} ${known} colour-${index % colours}`, "stroke-width": thickness }),
    errorPercent > 0
      ? h("path", { d: path, class: "errors", "stroke-width": Math.max(3, (thickness * errorPercent) / 100) })
      : undefined,
  ]);
}

function label({ flow, label: { x, y } }: FlowLine): VNode {
  return h("text", { key: `label ${keyOf(flow)}`, x, y: y + 4, class: "label" }, labelText(flow));
}

function labelText({ use, priority, observedPercent, configuredPercent, rps }: Flow): string {
  if (use === "standby" && rps === 0) return `standby ${priority}`;
  if (observedPercent !== undefined) return percentText(observedPercent);
  return configuredPercent === undefined ? "?" : `${percentText(configuredPercent)} set`;
}

function callerBox({ from, envoys, grpc, rps }: Caller, { x, y, width, height }: Box): VNode {
  const kinds = [envoys > 0 ? countText(envoys, "Envoy") : "", grpc > 0 ? `${grpc} gRPC` : ""].filter(
    (each) => each !== "",
  );
  const who = kinds.length === 0 ? ["no clients"] : width < 130 ? kinds : [kinds.join(", ")];
  const lines = [...who, rps === undefined ? "no reports" : rateText(rps)];
  return h("g", { key: `caller ${from}`, transform: `translate(${x} ${y})` }, [
    h("rect", { width, height, rx: 6, class: "box" }),
    h("text", { x: 10, y: 22, class: "title" }, from === "*" ? "everyone" : `from ${from}`),
    ...lines.map((says, index) => h("text", { key: says, x: 10, y: 41 + 18 * index }, says)),
  ]);
}

const signs: Readonly<Record<Place["state"], string>> = { well: "●", hurt: "◐", down: "✕", drained: "‖" };

function placeBox(place: Place, index: number, { x, y, width, height }: Box): VNode {
  const { region, serving, total, draining, state, rps, errorPercent, capacityRps } = place;
  const used = capacityRps === undefined || capacityRps === 0 || rps === undefined ? undefined : rps / capacityRps;
  return h("g", { key: `place ${region}`, transform: `translate(${x} ${y})` }, [
    h("rect", {
      width,
      height,
      rx: 6,
      class: `box ${errorPercent !== undefined && errorPercent >= 50 ? "down" : state}`,
    }),
    h("rect", { width: 6, height, rx: 3, class: `edge colour-${index % colours}` }),
    h("text", { x: 16, y: 22, class: "title" }, region === "" ? "nowhere known" : region),
    h("text", { x: width - 10, y: 22, class: `health ${state}` }, `${signs[state]} ${serving}/${total}`),
    h("text", { x: 16, y: 42 }, rps === undefined ? "no reports" : rateText(rps)),
    h(
      "text",
      // Beside the rate where there is room.
      {
        ...(width < 190 ? { x: 16, y: 60 } : { x: width - 10, y: 42 }),
        class: `${width < 190 ? "" : "end"} ${errorPercent !== undefined && errorPercent > 0 ? "bad" : ""}`,
      },
      errorPercent === undefined ? "" : `${percentText(errorPercent)} errors`,
    ),
    used === undefined
      ? undefined
      : h("g", { transform: "translate(16 66)" }, [
          h("rect", { width: width - 32, height: 6, class: "capacity" }),
          h("rect", { width: (width - 32) * Math.min(1, used), height: 6, class: used > 0.9 ? "used full" : "used" }),
        ]),
    h("text", { x: 16, y: 88, class: "note" }, noteOf(place, draining, used)),
  ]);
}

function noteOf(
  { state, overrides, heldAtPercent, serving }: Place,
  draining: number,
  used: number | undefined,
): string {
  const [first] = overrides;
  if (first) {
    const left = ageText(first.expiresInSeconds * 1000);
    return first.weight === 0 ? `drained, ${left} left` : `at ${first.weight} %, ${left} left`;
  }
  if (heldAtPercent !== undefined) return `coming back, at ${Math.round(heldAtPercent)} %`;
  if (draining > 0) return `${draining} draining`;
  if (state === "down") return serving === 0 ? "nobody serves here" : "";
  return used === undefined ? "" : `${Math.round(used * 100)} % of capacity`;
}

/** The picture for those who do not see it. */
function sameInWords({ flows, places }: Flows): VNode {
  return h(
    "div",
    { class: "unseen" },
    h("table", {}, [
      h("caption", {}, "Where calls go"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["From", "To", "Configured", "Observed", "Rate", "Errors", "Serving"].map((name) =>
            h("th", { scope: "col", key: name }, name),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        flows.map((flow) => {
          const place = places.find(({ region }) => region === flow.to);
          return h("tr", { key: keyOf(flow) }, [
            h("td", {}, flow.from),
            h("td", {}, flow.to),
            h("td", {}, flow.configuredPercent === undefined ? flow.use : percentText(flow.configuredPercent)),
            h("td", {}, flow.observedPercent === undefined ? "unknown" : percentText(flow.observedPercent)),
            h("td", {}, rateText(flow.rps)),
            h("td", {}, flow.errorPercent === undefined ? "unknown" : percentText(flow.errorPercent)),
            h("td", {}, place ? `${place.serving} of ${place.total}` : ""),
          ]);
        }),
      ),
    ]),
  );
}
