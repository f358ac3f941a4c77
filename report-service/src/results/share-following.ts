import type { ReportKey } from "../model/names.ts";
import { reportName } from "../model/names.ts";
import type { Bulletin } from "../ports/bulletin.ts";
import type { Clock } from "../ports/clock.ts";
import type { ReportEvent, ReportStore } from "../ports/report-store.ts";
import { openRoom, type Room } from "./room.ts";

/**
 * The same store, in which those that follow one report share what that costs: the store is followed once, however many
 * watch here. Progress that the bulletin tells, and that no store has, comes with the sequence of the state that it
 * belongs to.
 */
export function shareFollowing(reports: ReportStore, bulletin: Bulletin | undefined, clock: Clock): ReportStore {
  const rooms = new Map<string, Room>();

  function enter(key: ReportKey): Room {
    const name = reportName(key);
    const known = rooms.get(name);
    if (known && !known.isOver()) return known;
    const room = openRoom({ clock, follow: (after, signal) => reports.follow(key, after, signal) });
    const listening = bulletin?.listen(key, room.hear);
    room.onEmpty(() => {
      listening?.[Symbol.dispose]();
      if (rooms.get(name) === room) rooms.delete(name);
    });
    rooms.set(name, room);
    return room;
  }

  return {
    ...reports,
    async *follow(key, afterSequence, signal): AsyncGenerator<ReportEvent, void> {
      const room = enter(key);
      using _place = room.takePlace();
      let sequence = afterSequence;
      let told: ReportEvent | undefined;
      while (!signal.aborted) {
        const events = room.after(sequence);
        if (events === "unknown") {
          // It comes back from before this room's time, or was too slow for it: the store still has what is missing.
          const before = sequence;
          for await (const event of reports.follow(key, sequence, signal)) {
            yield event;
            sequence = event.sequence;
            if (room.after(sequence) !== "unknown") break;
          }
          if (sequence === before) return;
          continue;
        }
        for (const event of events) {
          yield event;
          sequence = event.sequence;
        }
        const progress = room.progress();
        if (progress && progress !== told && progress.sequence === sequence) {
          told = progress;
          yield progress;
        } else if (events.length === 0) {
          if (room.isOver()) return room.throwFailure();
          await room.changed(signal);
        }
      }
    },
  };
}
