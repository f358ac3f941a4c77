import type { Segment } from "./ejection-answers.ts";

/** A stretch of a lane in the units of its picture. */
export type Bar = {
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly height: number;
  readonly state: Segment["state"];
  /** `ejected by 18 of 22 clients`. */
  readonly says: string;
};

/** Width and height of a lane's picture. */
export const laneSize = { width: 900, height: 28 } as const;
/** How far back it goes, in milliseconds. */
export const laneSpanMs = 15 * 60_000;

// One client of a thousand is still to be seen.
const leastHeight = 5;
const leastWidth = 3;

const says: Readonly<Record<Segment["state"], string>> = {
  enforced: "ejected by",
  suppressed: "failing, and not to be ejected any more, at",
  panic: "panic of",
};

/** Segments as bars: as long as they lasted, as high as the share of the clients; what is older than the picture is left out. */
export function barsOf(segments: readonly Segment[], now: number): readonly Bar[] {
  const begin = now - laneSpanMs;
  return segments.flatMap(({ from, to, state, clients, of }) => {
    const [first, last] = [Math.max(begin, Date.parse(from)), Math.min(now, to === undefined ? now : Date.parse(to))];
    if (last < begin) return [];
    const x = (laneSize.width * (first - begin)) / laneSpanMs;
    const width = Math.max(leastWidth, (laneSize.width * (last - first)) / laneSpanMs);
    // Panic is the ground on which ejections stand.
    const share = state === "panic" ? 1 : clients / Math.max(1, of);
    const height = Math.max(leastHeight, laneSize.height * share);
    return [
      {
        ...{ x: Math.min(x, laneSize.width - leastWidth), width, height, y: laneSize.height - height, state },
        says: `${says[state]} ${clients} of ${of} clients`,
      },
    ];
  });
}

/** Slanted lines over a bar, as the `d` of a path: what is suppressed is told from what is enforced without its colour. */
export function hatching({ x, y, width, height }: Bar): string {
  const lines: string[] = [];
  for (let at = x - height + 4; at < x + width; at += 8) {
    const [left, right] = [Math.max(at, x), Math.min(at + height, x + width)];
    if (right > left) lines.push(`M${left} ${y + height - (left - at)}L${right} ${y + height - (right - at)}`);
  }
  return lines.join("");
}
