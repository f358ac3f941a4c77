import { setTimeout as delay } from "node:timers/promises";
import type { ReportChange } from "../model/change-report.ts";
import { reportName } from "../model/names.ts";
import { type Notice, nextTryMs } from "../model/notice.ts";
import type { Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notices } from "../ports/notices.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { NotifierNote } from "./notifier-note.ts";
import type { SecretsOf } from "./notify-secrets.ts";
import { createPlaces } from "./places.ts";
import type { Post } from "./post.ts";
import { webhookOf } from "./webhook.ts";

export type NotifierParts = {
  readonly reports: Pick<ReportStore, "change" | "changeAll">;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly secretsOf: SecretsOf;
  readonly post: Post;
  readonly observe: (note: NotifierNote) => void;
};

const lookEveryMs = 1_000;
const lookAt = 200;
const tryLimitMs = 10_000;
// Tries that are under way when the server stops; what is cut off is tried again by another one.
const graceMs = 2_000;
// What keeps others from being looked at comes back after so long, half of it by chance.
const deferMs = 4_000;
const lastTryMs = 6 * 3_600_000;

/** A report that has a notice. */
type Told = { readonly report: Report; readonly notice: Notice; readonly url: URL };

/** Tells receivers which reports have ended, each at least once, and again and again for a day where that fails. */
export function startNotifier(parts: NotifierParts): AsyncDisposable {
  const { reports, notices, clock, observe } = parts;
  const stopping = new AbortController();
  const cutting = new AbortController();
  const places = createPlaces();
  const tries = new Map<string, Promise<void>>();
  let freed = Promise.withResolvers<void>();

  async function look(): Promise<"idle" | "wait" | "again"> {
    const nowMs = clock.now();
    const due = (await notices.due(nowMs, lookAt)).flatMap(toldOf).filter(({ report }) => !tries.has(nameOf(report)));
    const left = due.filter((told) => !begin(told));
    const isFull = due.length + tries.size >= lookAt;
    const held = left.filter(({ report, url }) => places.isCrowded(url.host, report.tenant));
    if (!isFull || held.length === 0) return left.length > 0 ? "wait" : "idle";
    await reports.changeAll(
      held.map(({ report, notice: { sequence, tries: tried } }) => {
        const nextMs = Math.round(nowMs + deferMs * (0.5 + Math.random() / 2));
        return { key: report, change: { kind: "defer-notice", sequence, tries: tried, nextMs } };
      }),
      nowMs,
    );
    return "again";
  }

  function begin(told: Told): boolean {
    const { report, url } = told;
    const place = places.take(url.host, report.tenant);
    if (!place) return false;
    const trying = tryOne(told, parts, cutting.signal)
      .then(place.end, (cause: Error) => {
        place.end("failed");
        observe({ kind: "notifier-stumbled", cause });
      })
      .finally(() => {
        tries.delete(nameOf(report));
        freed.resolve();
      });
    tries.set(nameOf(report), trying);
    return true;
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      freed = Promise.withResolvers();
      const found = await look().catch((cause: Error) => {
        observe({ kind: "notifier-stumbled", cause });
        return "idle" as const;
      });
      if (found === "again") continue;
      using wait = interruptible(signal);
      const pause = delay(lookEveryMs, undefined, { signal: wait.signal, ref: false }).catch(() => undefined);
      await (found === "wait" ? Promise.race([pause, freed.promise]) : pause);
    }
  }

  const work = run();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await work;
      const cut = setTimeout(() => cutting.abort(new Error("this server stops")), graceMs);
      await Promise.all(tries.values());
      clearTimeout(cut);
    },
  };
}

/** One try; `skipped`: another server has it, or the report is gone. */
async function tryOne(
  { report, notice, url }: Told,
  { reports, clock, secretsOf, post, observe }: NotifierParts,
  signal: AbortSignal,
): Promise<"delivered" | "failed" | "skipped"> {
  const startedMs = clock.now();
  const nextMs = nextTryMs(notice, startedMs, Math.random());
  const { sequence, tries } = notice;
  const begun: ReportChange = { kind: "try-notice", sequence, tries, nextMs: nextMs ?? startedMs + lastTryMs };
  if ((await reports.change(report, begun, startedMs))?.kind !== "changed") return "skipped";
  const { tenant, id } = report;
  const about = { tenant, report: id, tries: tries + 1 };
  const secrets = secretsOf(tenant);
  const answer = secrets
    ? await statusOf(() => {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(tryLimitMs)]);
        return post(url, webhookOf(report, notice, secrets, startedMs), limit);
      })
    : new Error(`--notify-secrets has no secret of ${tenant}`);
  const cause = typeof answer !== "number" ? answer : isTaken(answer) ? undefined : new Error(`it answered ${answer}`);
  if (cause && nextMs !== undefined && answer !== gone) {
    observe({ kind: "notice-failed", ...about, nextMs, cause });
    return "failed";
  }
  await reports.change(report, { kind: "end-notice", sequence }, clock.now());
  const tookMs = clock.now() - notice.endedAtMs;
  observe({ kind: "notice-ended", end: cause ? "given-up" : "delivered", ...about, tookMs, ...(cause && { cause }) });
  return cause ? "failed" : "delivered";
}

// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the receiver wants no more.
const gone = 410;

function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

async function statusOf(post: () => Promise<number>): Promise<number | Error> {
  try {
    return await post();
  } catch (cause) {
    return cause as Error;
  }
}

function toldOf(report: Report): readonly Told[] {
  const { notice, notifyUrl = "" } = report;
  return notice && URL.canParse(notifyUrl) ? [{ report, notice, url: new URL(notifyUrl) }] : [];
}

function nameOf(report: Report): string {
  return reportName(report);
}

/** A signal that aborts with the other one, or when its user is done. */
function interruptible(outer: AbortSignal): { readonly signal: AbortSignal } & Disposable {
  const own = new AbortController();
  const abort = () => own.abort();
  outer.addEventListener("abort", abort, { once: true });
  if (outer.aborted) abort();
  return {
    signal: own.signal,
    [Symbol.dispose]() {
      outer.removeEventListener("abort", abort);
      abort();
    },
  };
}
