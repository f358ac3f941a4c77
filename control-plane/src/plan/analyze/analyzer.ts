import type { Severity } from "./finding.ts";
import { type Place, type Scene, type Subject, subjectsOf } from "./scene.ts";

/** What an analyzer saw, and what to do about it. */
export type Sighting = { readonly place: Place; readonly says: string; readonly remedy: string };

/** Looks for one thing that valid documents can get wrong. Pure: what it may know is in the scene. */
export type Analyzer = {
  /** `WR0202`. Its page is docs/findings/WR0202.md. */
  readonly code: `WR${number}`;
  readonly severity: Severity;
  /** What it is about, as the heading of its page says it. */
  readonly title: string;
  /** In parts, a service at a time, so that the work on many services can be done in slices. */
  parts(scene: Scene): Iterable<Iterable<Sighting>>;
};

/** Looks at one service at a time. */
export function ofEachService(
  head: Pick<Analyzer, "code" | "severity" | "title">,
  find: (subject: Subject, scene: Scene) => Iterable<Sighting>,
): Analyzer {
  return { ...head, parts: (scene) => Iterator.from(subjectsOf(scene)).map((subject) => find(subject, scene)) };
}

/** Looks at all documents together. */
export function ofAll(
  head: Pick<Analyzer, "code" | "severity" | "title">,
  find: (scene: Scene) => Iterable<Sighting>,
): Analyzer {
  return { ...head, parts: (scene) => [find(scene)] };
}

/** Looks at one service at a time whose endpoints are known, and are not none. */
export function ofEachPlacedService(
  head: Pick<Analyzer, "code" | "severity" | "title">,
  find: (
    subject: Subject & { readonly endpoints: NonNullable<Subject["endpoints"]> },
    scene: Scene,
  ) => Iterable<Sighting>,
): Analyzer {
  return ofEachService(head, (subject, scene) => {
    const { endpoints } = subject;
    return endpoints === undefined || endpoints.length === 0 ? [] : find({ ...subject, endpoints }, scene);
  });
}

/** The one sighting, if `holds`. */
export function when(holds: boolean, sighting: () => Sighting): readonly Sighting[] {
  return holds ? [sighting()] : [];
}

/** `3 endpoints`, `1 endpoint`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `dc-a, dc-b and 3 more`. */
export function listed(names: Iterable<string>, most = 5): string {
  const all = [...new Set(names)].sort();
  return all.length <= most ? all.join(", ") : `${all.slice(0, most).join(", ")} and ${all.length - most} more`;
}

/** Percent with at most one digit behind the point. */
export function percentText(value: number): string {
  return `${Math.round(value * 10) / 10} %`;
}

/** `800ms`, `2s`, `1m30s`. */
export function timeText(ms: number): string {
  if (ms < 1000 || ms % 1000 !== 0) return `${ms}ms`;
  const [minutes, seconds] = [Math.floor(ms / 60_000), (ms % 60_000) / 1000];
  return `${minutes > 0 ? `${minutes}m` : ""}${seconds > 0 || minutes === 0 ? `${seconds}s` : ""}`;
}
