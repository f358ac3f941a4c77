import { randomUUID } from "node:crypto";
import { mergePatch, patched } from "../../lib/merge-patch.ts";
import { eventText } from "./event-text.ts";
import type { Overview } from "./overview.ts";
import { parsePosition, positionText } from "./position.ts";
import { type Members, withinPatch } from "./within-patch.ts";

/** What the page is told: how things are, and each second what changed of it. Looked at once, whoever listens. */
export type OverviewChannel = {
  /** Looks, and returns what all who listen are to get. */
  step(): string;
  /** What who begins to listen gets; `isAlone`: nobody does yet, so what is known may be old. */
  beginning(after: string | undefined, isAlone: boolean): string;
};

// Below 20 kB a second with what stands around it.
const bytesOfChanges = 16_000;
const keptForResuming = 60;
const goldenRatio = 0.618_033_988_75;

/**
 * `look` says how things are. Where more changed than fits into a second, the rest is told in those after, turn by turn.
 */
export function createOverviewChannel({
  look,
  now = () => new Date(),
}: {
  readonly look: () => Overview;
  readonly now?: () => Date;
}): OverviewChannel {
  // Sequence numbers begin anew with each process.
  const process = randomUUID().slice(0, 8);
  let sequence = 0;
  let told: Overview | undefined;
  let recent: { readonly sequence: number; readonly text: string }[] = [];

  function id(): string {
    return positionText({ revision: told?.store.revision ?? 0, process, sequence });
  }

  function tell(patch: Members): string {
    told = patched(told, patch) as Overview;
    sequence++;
    const text = eventText({ event: "changes", id: id(), data: { at: now().toISOString(), patch } });
    recent = [...recent, { sequence, text }].slice(-keptForResuming);
    return text;
  }

  function changes(): ReturnType<typeof withinPatch> {
    const patch = (mergePatch(told, look()) ?? {}) as Members;
    return withinPatch(patch, bytesOfChanges, (sequence * goldenRatio) % 1);
  }

  /** What changed while nobody listened; where it is too much for one second, all begin anew. */
  function catchUp(): void {
    const { kept, isWhole } = changes();
    if (told !== undefined && isWhole) {
      tell(kept);
      return;
    }
    told = look();
    sequence++;
    recent = [];
  }

  return {
    step: () => tell(changes().kept),
    beginning(after, isAlone) {
      if (isAlone || told === undefined) catchUp();
      const from = after === undefined ? undefined : parsePosition(after);
      const missed = from?.process === process ? recent.filter((each) => each.sequence > from.sequence) : [];
      const isResumed = missed[0] !== undefined && missed[0].sequence === (from?.sequence ?? 0) + 1;
      const isUpToDate = from?.process === process && from.sequence === sequence;
      const whole = eventText({ event: "overview", id: id(), data: { at: now().toISOString(), overview: told } });
      const again = missed.map(({ text }) => text).join("");
      return `retry: 1000\n\n${isUpToDate || (isResumed && again.length < whole.length) ? again : whole}`;
    },
  };
}
