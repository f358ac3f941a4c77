import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Clock } from "../ports/clock.ts";
import type { Notices } from "../ports/notices.ts";
import { answered } from "./answered.ts";
import type { Note } from "./note.ts";

type Prometheus = {
  readonly Counter: typeof Counter;
  readonly Gauge: typeof Gauge;
  readonly Histogram: typeof Histogram;
};

/** Measures how receivers are told that reports have ended; answers what counts the notes about it. */
export function addNoticeMetrics(prometheus: Prometheus, registers: Registry[], notices: Notices, clock: Clock) {
  const ended = new prometheus.Counter({
    name: "report_notices_total",
    help: "Notices of ended reports that this server has delivered, or given up after a day.",
    labelNames: ["end"],
    registers,
  });
  // A rate over a series that begins with its first notice would not show that notice.
  for (const end of ["delivered", "given-up"]) ended.inc({ end }, 0);
  const failed = new prometheus.Counter({
    name: "report_notice_failures_total",
    help: "Tries that failed and will be repeated.",
    registers,
  });
  const took = new prometheus.Histogram({
    name: "report_notice_delay_seconds",
    help: "From the end of a report to its notice being delivered.",
    buckets: [0.5, 1, 2, 5, 10, 60, 600, 3600, 36000],
    registers,
  });
  new prometheus.Gauge({
    name: "report_notices_overdue_seconds",
    help: "How long the longest overdue notice of all servers has waited for a try.",
    registers,
    async collect() {
      const nowMs = clock.now();
      const due = await answered(() => notices.due(nowMs, 1));
      if (!due) return this.remove();
      const [first] = due;
      this.set(first?.notice ? (nowMs - first.notice.dueMs) / 1_000 : 0);
    },
  });
  return (note: Note): void => {
    if (note.kind === "notice-failed") failed.inc();
    if (note.kind !== "notice-ended") return;
    ended.inc({ end: note.end });
    if (note.end === "delivered") took.observe(note.tookMs / 1_000);
  };
}
