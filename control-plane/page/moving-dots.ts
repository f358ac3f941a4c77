import type { VNode } from "preact";
import { h } from "./element.ts";
import type { FlowLine } from "./flow-layout.ts";

const roundMs = 4_000;
const started = new WeakSet<Element>();

/** So often dots move on. At the 60 a second of a browser's own animations they cost a quarter of a core where no GPU helps. */
export const moveEveryMs = 80;

/** Puts every dot to where it is at this time. */
export function moveDots(nowMs: number): void {
  for (const animation of document.getAnimations()) animation.currentTime = nowMs;
}

/** Dots that run along a line, one for so many requests; `colour` is its class. They move when `moveDots` is called. */
export function movingDots({ flow, path, points, dots, failedDots }: FlowLine, colour: string): readonly VNode[] {
  return Array.from({ length: dots }, (_, nth) => {
    const isFailed = nth < failedDots;
    // A diamond is one that failed: colour alone does not tell everybody.
    const turn = isFailed ? " rotate(45deg)" : "";
    const start = (element: HTMLElement | null) => {
      if (element === null || started.has(element)) return;
      started.add(element);
      const animation = element.animate(
        points.map(({ x, y }) => ({ transform: `translate(${x}px, ${y}px)${turn}` })),
        { duration: roundMs, iterations: Number.POSITIVE_INFINITY, delay: -(nth * roundMs) / dots },
      );
      animation.pause();
    };
    const key = `${flow.from} ${flow.to} ${path} ${dots} ${failedDots} ${nth}`;
    return h("span", { key, class: isFailed ? "dot failed" : `dot ${colour}`, ref: start });
  });
}
