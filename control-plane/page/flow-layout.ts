import type { Caller, Flow, Flows, Place } from "./flows.ts";

export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

export type FlowLine = {
  readonly flow: Flow;
  /** Of its place, for its colour. */
  readonly index: number;
  /** An SVG path from the callers to the place. */
  readonly path: string;
  /** Along it, for what moves. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly thickness: number;
  readonly label: { readonly x: number; readonly y: number };
  /** How many dots run along it, and how many of them failed. */
  readonly dots: number;
  readonly failedDots: number;
};

export type FlowLayout = {
  readonly width: number;
  readonly height: number;
  readonly callers: readonly { readonly caller: Caller; readonly box: Box }[];
  readonly places: readonly { readonly place: Place; readonly index: number; readonly box: Box }[];
  readonly lines: readonly FlowLine[];
};

const placeHeight = 98;
const callerHeight = 88;
const gap = 18;
const thickest = 34;
const mostDots = 6;
const steps = 20;

/** Where everything stands in a picture of this width: callers left, data centers right, lines as thick as their share. */
export function flowLayout({ callers, places, flows }: Flows, width: number): FlowLayout {
  const rows = Math.max(places.length * (placeHeight + gap), callers.length * (callerHeight + gap), 1) - gap;
  const [callerWidth, placeWidth] = [between(92, width * 0.22, 190), between(128, width * 0.32, 250)];
  const callerBoxes = column(callers.length, callerHeight, rows).map((y) => ({
    x: 1,
    y,
    width: callerWidth,
    height: callerHeight,
  }));
  const placeBoxes = column(places.length, placeHeight, rows).map((y) => ({
    ...{ x: width - placeWidth - 1, y, width: placeWidth, height: placeHeight },
  }));
  const total = flows.reduce((sum, { rps }) => sum + rps, 0);
  const thickness = (flow: Flow) => thicknessOf(flow, total, callers.length);
  const most = Math.max(...flows.map(({ rps }) => rps), 0);
  const lines = flows.flatMap((flow): readonly FlowLine[] => {
    const index = places.findIndex(({ region }) => region === flow.to);
    const [start, end] = [callerBoxes[callers.findIndex(({ from }) => from === flow.from)], placeBoxes[index]];
    if (start === undefined || end === undefined) return [];
    const order = (each: Flow) => places.findIndex(({ region }) => region === each.to);
    const leaving = flows.filter(({ from }) => from === flow.from).toSorted((a, b) => order(a) - order(b));
    const arriving = flows.filter(({ to }) => to === flow.to);
    const from = { x: start.x + start.width, y: start.y + start.height / 2 + offset(leaving, flow, thickness) };
    const to = { x: end.x, y: end.y + end.height / 2 + offset(arriving, flow, thickness) };
    const middle = (from.x + to.x) / 2;
    const dots = flow.rps <= 0 || most === 0 ? 0 : Math.max(1, Math.round((mostDots * flow.rps) / most));
    const failed = flow.errorPercent === undefined ? 0 : Math.ceil((dots * flow.errorPercent) / 100);
    return [
      {
        ...{ flow, index, dots, failedDots: failed, thickness: thickness(flow) },
        path: `M${round(from.x)} ${round(from.y)}C${round(middle)} ${round(from.y)} ${round(middle)} ${round(to.y)} ${round(to.x)} ${round(to.y)}`,
        points: Array.from({ length: steps + 1 }, (_, step) => curve(from, to, step / steps)),
        // Near its end, where lines of several callers are apart.
        label: curve(from, to, 0.62),
      },
    ];
  });
  return {
    ...{ width, height: rows + 2, lines },
    callers: callers.flatMap((caller, index) => {
      const box = callerBoxes[index];
      return box ? [{ caller, box }] : [];
    }),
    places: places.flatMap((place, index) => {
      const box = placeBoxes[index];
      return box ? [{ place, index, box }] : [];
    }),
  };
}

/** By what is observed; by what is configured while nothing is. */
function thicknessOf({ use, rps, configuredPercent = 0 }: Flow, total: number, callers: number): number {
  const share = total > 0 ? rps / total : configuredPercent / 100 / Math.max(1, callers);
  if (share === 0) return use === "standby" ? 2 : 3;
  return Math.max(3, thickest * share);
}

/** Lines that share an end lie beside each other there. */
function offset(beside: readonly Flow[], flow: Flow, thickness: (flow: Flow) => number): number {
  const apart = 3;
  const all = beside.reduce((sum, each) => sum + thickness(each) + apart, -apart);
  let before = -all / 2;
  for (const each of beside) {
    if (each === flow) return before + thickness(each) / 2;
    before += thickness(each) + apart;
  }
  return 0;
}

function column(count: number, height: number, rows: number): readonly number[] {
  const free = (rows - count * height) / count;
  return Array.from({ length: count }, (_, index) => 1 + free / 2 + index * (height + free));
}

/** A point of the curve that `path` describes: its control points lie in the middle, at the heights of its ends. */
function curve(from: { x: number; y: number }, to: { x: number; y: number }, t: number) {
  const s = 1 - t;
  const middle = (from.x + to.x) / 2;
  return {
    x: round(s ** 3 * from.x + 3 * s * t * middle + t ** 3 * to.x),
    y: round((s ** 3 + 3 * s * s * t) * from.y + (3 * s * t * t + t ** 3) * to.y),
  };
}

function between(least: number, wanted: number, most: number): number {
  return Math.max(least, Math.min(wanted, most));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
