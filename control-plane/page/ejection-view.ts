import type { VNode } from "preact";
import { ageText } from "../src/lib/age.ts";
import type { EjectionsAnswer, HeardEjections, Lane, ServiceTrouble } from "./ejection-answers.ts";
import { type Bar, barsOf, hatching, laneSize, laneSpanMs } from "./ejection-lanes.ts";
import { type Child, h } from "./element.ts";
import { countText } from "./words.ts";

/** Which endpoints clients do not use because they found them failing: a lane for each, over the last quarter of an hour. */
export function ejectionView(heard: HeardEjections | undefined, now: number): VNode {
  if (heard === undefined) return empty("Asking what clients ejected", []);
  const { answer, why, at } = heard;
  if (answer === undefined) return empty("What clients ejected cannot be seen", [why ?? ""]);
  const old =
    why === undefined
      ? undefined
      : h("p", { class: "warning bad", role: "alert", key: "old" }, `This is ${ageText(now - at)} old: ${why}`);
  return h("div", { class: "stack ejections" }, [old, ...contents(answer)]);
}

function contents(answer: EjectionsAnswer): readonly Child[] {
  const { asked, lanes } = answer;
  if (!asked.isOn)
    return [
      empty("No client can be asked", [
        "Which endpoints a client ejected is known to that client alone. Say who may be asked: ",
        h("code", {}, "clients.admin.allow"),
        ", and let its bootstrap tell where: ",
        h("code", {}, "weir bootstrap envoy --tell-admin"),
        ".",
      ]),
    ];
  const isTold = asked.seen > asked.silent;
  const endpoints = lanes.filter(({ address }) => address !== undefined);
  const told = h("p", { class: "quiet", key: "told" }, toldText(asked));
  if (endpoints.length === 0 && answer.panics.length === 0)
    return [
      isTold
        ? empty("No client has ejected an endpoint", ["Not in the last half hour."])
        : empty("No client tells what it ejected", ["Envoys can tell; of those that are connected, none was seen."]),
      told,
      unseenList(asked),
    ];
  return [...answer.panics.map(panicNote), ...answer.breakers.map(breakerNote), table(answer), told, unseenList(asked)];
}

function table({ lanes, endpoints, at }: EjectionsAnswer): VNode {
  const panics = new Map(lanes.flatMap((lane) => (lane.address === undefined ? [[lane.service, lane]] : [])));
  const now = Date.parse(at);
  const isSuppressed = endpoints.some(({ state }) => state === "suppressed");
  return h("div", { class: "scroll", key: "lanes" }, [
    h("table", { class: "lanes" }, [
      h("caption", {}, [
        "The last 15 minutes: ",
        legend("enforced", "ejected"),
        legend("suppressed", "failing, and clients may eject no more"),
        legend("panic", "panic: clients use all"),
        "as high as the share of the clients",
      ]),
      h("thead", {}, h("tr", {}, ["Endpoint", `${laneSpanMs / 60_000} minutes ago … now`, "Now"].map(column))),
      h(
        "tbody",
        {},
        lanes
          .filter(({ address }) => address !== undefined)
          .map((lane) => row(lane, panics.get(lane.service), endpoints, now)),
      ),
    ]),
    isSuppressed
      ? h("p", { class: "quiet" }, [
          "Endpoints that fail go on being used, as clients may eject no more of them: raise ",
          h("code", {}, "maxEjectionPercent"),
          " in the TrafficPolicy.",
        ])
      : "",
  ]);
}

function row(lane: Lane, panic: Lane | undefined, endpoints: EjectionsAnswer["endpoints"], now: number): VNode {
  const { service, address = "", locality } = lane;
  const current = endpoints.find((each) => each.service === service && each.address === address);
  const bars = barsOf(lane.segments, now);
  const ground = barsOf(panic?.segments ?? [], now);
  const text =
    current === undefined
      ? "used again"
      : `${current.state === "enforced" ? "ejected by" : "suppressed at"} ${current.clients}/${current.of}`;
  return h("tr", { key: `${service} ${address}` }, [
    h("th", { scope: "row" }, [address, h("small", {}, `${service} · ${locality || "nowhere"}`)]),
    h(
      "td",
      {},
      h(
        "svg",
        {
          viewBox: `0 0 ${laneSize.width} ${laneSize.height}`,
          class: "lane",
          "aria-hidden": "true",
          focusable: "false",
        },
        [...ground, ...bars].map(barPicture),
      ),
    ),
    h("td", { class: `outlier ${current?.state ?? "well"}` }, [
      text,
      h("small", {}, current === undefined ? "" : `for ${ageText(current.sinceSeconds * 1000)}`),
    ]),
  ]);
}

function barPicture(bar: Bar, index: number): VNode {
  const { x, y, width, height, state, says } = bar;
  return h("g", { class: `bar ${state}`, key: index }, [
    h("title", {}, says),
    h("rect", { x, y, width, height }),
    state === "suppressed" ? h("path", { d: hatching(bar) }) : "",
  ]);
}

function legend(state: Bar["state"], text: string): VNode {
  const bar = { x: 0, y: 0, width: 22, height: 12, state, says: text };
  return h("span", { class: "legend", key: state }, [
    h(
      "svg",
      { viewBox: "0 0 22 12", width: 22, height: 12, class: "lane", "aria-hidden": "true", focusable: "false" },
      [barPicture(bar, 0)],
    ),
    ` ${text} `,
  ]);
}

function panicNote({ service, clients, of, sinceSeconds }: ServiceTrouble): VNode {
  const who = `${clients} of ${countText(of, "client")}`;
  return h("p", { class: "warning bad", role: "status", key: `panic ${service}` }, [
    h("strong", {}, `${service} is in panic`),
    ` at ${who} for ${ageText(sinceSeconds * 1000)}: so few endpoints are healthy that all are used.`,
  ]);
}

function breakerNote({ service, what, clients, of, sinceSeconds }: ServiceTrouble): VNode {
  return h("p", { class: "warning bad", role: "status", key: `breaker ${service} ${what}` }, [
    h("strong", {}, `${service}: circuit breaker ${what} is open`),
    ` at ${clients} of ${countText(of, "client")} for ${ageText(sinceSeconds * 1000)}.`,
  ]);
}

function toldText({ seen, silent, of, intervalSeconds }: EjectionsAnswer["asked"]): string {
  const grpc = silent > 0 ? `, of which ${countText(silent, "gRPC client")} cannot tell of ejections` : "";
  return `${seen} of ${countText(of, "client")} can be asked${grpc}; each is asked every ${intervalSeconds} s.`;
}

function unseenList({ unseen }: EjectionsAnswer["asked"]): Child {
  if (unseen.length === 0) return "";
  return h("ul", { class: "quiet", key: "unseen" }, [
    unseen.map(({ nodeId, why, lastSeenSeconds }) =>
      h("li", { key: nodeId }, [
        `Cannot see ${nodeId}`,
        lastSeenSeconds === undefined ? "" : `, last seen ${ageText(lastSeenSeconds * 1000)} ago`,
        `: ${why}`,
      ]),
    ),
  ]);
}

function column(name: string): VNode {
  return h("th", { scope: "col", key: name }, name);
}

function empty(title: string, says: readonly Child[]): VNode {
  return h("section", { class: "empty", key: "empty" }, [h("h2", {}, title), h("p", {}, says as Child)]);
}
