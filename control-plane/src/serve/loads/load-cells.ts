import { createLoadWindow, type LoadWindow, secondOf } from "./load-window.ts";

/** What is counted apart: one pair of places, one endpoint. */
export type Cell<About> = {
  readonly about: About;
  readonly window: LoadWindow;
  inProgress: number;
};

/** Counts by service and key, in bounded memory. */
export type LoadCells<About> = {
  /** Undefined where there is no room for another one. */
  at(service: string, key: string, about: About): Cell<About> | undefined;
  /** Of one service or of all. */
  list(service?: string): Iterable<readonly [service: string, key: string, cell: Cell<About>]>;
  /** Forgets what nobody has used for as long as is kept. */
  sweep(nowMs: number, isService: (name: string) => boolean): void;
};

/** Keeps `seconds` for each of at most `most` cells, `mostPerService` of them of one service; about 700 bytes each. */
export function createLoadCells<About>({
  seconds,
  most,
  mostPerService,
}: {
  readonly seconds: number;
  readonly most: number;
  readonly mostPerService: number;
}): LoadCells<About> {
  const services = new Map<string, Map<string, Cell<About>>>();
  let cells = 0;

  return {
    at(service, key, about) {
      const known = services.get(service)?.get(key);
      if (known !== undefined) return known;
      const there = services.get(service) ?? new Map<string, Cell<About>>();
      if (cells >= most || there.size >= mostPerService) return undefined;
      const made = { about, window: createLoadWindow(seconds), inProgress: 0 };
      services.set(service, there.set(key, made));
      cells += 1;
      return made;
    },
    *list(service) {
      const wanted = service === undefined ? services.keys() : [service];
      for (const name of wanted) for (const [key, cell] of services.get(name) ?? []) yield [name, key, cell];
    },
    sweep(nowMs, isService) {
      const end = secondOf(nowMs) + 1;
      for (const [service, there] of services) {
        const isKnown = isService(service);
        for (const [key, { window, inProgress }] of there) {
          if (isKnown && (inProgress > 0 || !window.isIdle(end, seconds))) continue;
          there.delete(key);
          cells -= 1;
        }
        if (there.size === 0) services.delete(service);
      }
    },
  };
}
