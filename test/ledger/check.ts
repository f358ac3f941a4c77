import type { Entry } from "./entry.ts";
import type { FinalReport } from "./final-state.ts";
import type { LateWrite } from "./fleet.ts";
import { type Order, orderOf } from "./order.ts";

/** All that is known when a run is over. */
export type History = {
  readonly seed: number;
  readonly entries: readonly Entry[];
  readonly reports: readonly FinalReport[];
  /** Results that the store refused. */
  readonly lateWrites: readonly LateWrite[];
  /** How many servers slept until another one had begun with their report anew. */
  readonly takeovers: number;
};

/** Whether one promise held. `found` says over how much it was looked at; `violations` what broke it. */
export type Verdict = {
  readonly invariant: "N1" | "N2" | "N3" | "N4" | "N5" | "N6" | "N7";
  readonly says: string;
  readonly found: string;
  readonly violations: readonly string[];
};

const maxLostAttempts = 3;
const maxBlockedMs = 60_000;
const surelyLate = 3;

/** What became of every request, against what was promised. */
export function verdictsOf(history: History): readonly Verdict[] {
  const known = knownOf(history);
  return [
    accepted(known),
    ended(known),
    kept(known),
    once(known, history),
    resolved(known),
    neverMade(known),
    unblocked(known),
  ];
}

type Request = {
  readonly order: Order;
  /** Every report that was named in answer to it. */
  readonly named: ReadonlySet<string>;
  readonly answers: number;
  readonly rejected: string | undefined;
  readonly unknowns: number;
  readonly cancelling: boolean;
  /** What the cancellation was answered with. */
  readonly cancelled: string | undefined;
  readonly retrying: boolean;
  /** What the retry and its repeat were answered with. */
  readonly retried: readonly string[];
  readonly uploads: ReadonlySet<string>;
  readonly otherBody: string | undefined;
  readonly seen: string | undefined;
};

type Known = {
  readonly requests: readonly Request[];
  readonly accepted: readonly Request[];
  readonly reports: readonly FinalReport[];
  readonly byName: ReadonlyMap<string, FinalReport>;
  /** Requests by the report that answered them. */
  readonly answeredBy: ReadonlyMap<string, readonly Request[]>;
};

function knownOf({ seed, entries, reports }: History): Known {
  const byRequest = Map.groupBy(entries, ({ request }) => request);
  const requests = [...byRequest.values()].map((own): Request => {
    const of = <K extends Entry["kind"]>(kind: K) =>
      own.filter((entry): entry is Entry & { kind: K } => entry.kind === kind);
    return {
      order: orderOf(seed, of("intent")[0]?.order ?? -1),
      named: new Set(of("accepted").map(({ report }) => report)),
      answers: of("accepted").length,
      rejected: of("rejected")[0]?.code,
      unknowns: of("unknown").length,
      cancelling: of("cancelling").length > 0,
      cancelled: of("cancel-answer")[0]?.became,
      retrying: of("retrying").length > 0,
      retried: of("retried").map(({ became }) => became),
      uploads: new Set(of("uploaded").map(({ upload }) => upload)),
      otherBody: of("other-body")[0]?.became,
      seen: of("seen")[0]?.state,
    };
  });
  const accepted = requests.filter(({ named }) => named.size > 0);
  return {
    ...{ requests, accepted, reports },
    byName: new Map(reports.map((report) => [report.name, report])),
    answeredBy: Map.groupBy(accepted, ({ named: [name = ""] }) => name),
  };
}

function accepted({ accepted, byName }: Known): Verdict {
  const lost = accepted.flatMap(({ order, named }) =>
    [...named]
      .filter((name) => !byName.has(name))
      .map((name) => `${order.request} was accepted as ${name}, which is not there`),
  );
  return {
    invariant: "N1",
    says: "what was accepted is there",
    found: `${accepted.length} accepted`,
    violations: lost,
  };
}

function ended({ accepted, reports, byName, answeredBy }: Known): Verdict {
  const about = (name: string) => answeredBy.get(name) ?? [];
  const violations = [
    ...reports
      .filter(({ name, state }) => !mayEndAs(about(name)).includes(state))
      .map(({ name, state }) => `${name} is ${state} in the end`),
    ...reports
      .filter(({ name, endings }) => !mayEndTimes(about(name)).includes(endings))
      .map(({ name, endings }) => `${name} has ended ${endings} times`),
    ...reports
      .filter(({ sequences }) => sequences.some((sequence, index) => sequence !== index + 2))
      .map(({ name, sequences }) => `${name} has gaps in its events: ${sequences.join(" ")}`),
    ...accepted.flatMap(({ seen, named }) => {
      const [name = ""] = named;
      const state = byName.get(name)?.state;
      return seen !== undefined && seen !== state ? [`${name} was seen to end as ${seen} and is ${state}`] : [];
    }),
  ];
  const count = (wanted: string) => reports.filter(({ state }) => state === wanted).length;
  const found = `${count("SUCCEEDED")} succeeded, ${count("FAILED")} failed, ${count("CANCELLED")} cancelled`;
  return { invariant: "N2", says: "each has ended, once, as one thing", found, violations };
}

function mayEndAs(requests: readonly Request[]): readonly string[] {
  // Who cancelled it learnt whether that came before its end.
  const wasCancelled = requests.some(({ cancelled }) => cancelled === "CANCELLED");
  const isRetried = requests.some(({ retrying }) => retrying);
  if (wasCancelled && !isRetried) return ["CANCELLED"];
  const mayBeCancelled = requests.some(
    ({ cancelling, cancelled, retried }) =>
      cancelling && cancelled !== "FAILED_PRECONDITION" && !retried.some((answer) => answer.includes("/")),
  );
  return ["SUCCEEDED", "FAILED", ...(mayBeCancelled ? ["CANCELLED"] : [])];
}

/** Once, and once more for a retry, however often it was repeated; either where nobody learnt whether it was taken. */
function mayEndTimes(requests: readonly Request[]): readonly number[] {
  const retries = requests.filter(({ retrying }) => retrying);
  const taken = retries.filter(({ retried }) => retried.some((answer) => answer.includes("/"))).length;
  return Array.from({ length: retries.length - taken + 1 }, (_, more) => 1 + taken + more);
}

function kept({ reports }: Known): Verdict {
  const succeeded = reports.filter(({ state }) => state === "SUCCEEDED");
  const objects = succeeded.flatMap(({ name, objects }) => objects.map((object) => ({ name, ...object })));
  const violations = [
    ...succeeded
      .filter(({ objects }) => objects.length === 0)
      .map(({ name }) => `${name} succeeded and has no objects`),
    ...objects
      .filter(({ recorded, found }) => recorded !== found)
      .map(
        ({ name, format, recorded, found }) =>
          `${name} ${format} is recorded as ${recorded}; found: ${found ?? "nothing whole"}`,
      ),
    ...succeeded
      .filter(({ ownContent }) => ownContent === false)
      .map(({ name }) => `${name} has the bytes of another report`),
  ];
  return {
    invariant: "N3",
    says: "each succeeded one's objects are those recorded",
    found: `${objects.length} objects`,
    violations,
  };
}

function once({ reports, requests }: Known, { lateWrites, takeovers }: History): Verdict {
  const byRequest = Map.groupBy(reports, ({ request }) => request);
  // One that a later attempt has overtaken; a result of the last attempt may be refused because it had come before, or
  // because the client cancelled the report.
  const attempts = new Map(reports.map(({ name, attempts }) => [name.split("/")[3], attempts.length]));
  const lateWritesRefused = lateWrites.filter(({ report, attempt }) => attempt < (attempts.get(report) ?? 0)).length;
  const orders = new Map(requests.map(({ order }) => [order.request, order]));
  const shared = reports.filter(
    ({ request, state }) => orders.get(request)?.kind === "shared" && state === "SUCCEEDED",
  );
  const contentOf = ({ request }: FinalReport) => {
    const order = orders.get(request);
    return `${order?.tenant}: ${order?.parameters["text"]}`;
  };
  const violations = [
    ...[...byRequest]
      .filter(([, made]) => made.length > 1)
      .map(([request, made]) => `${request} made ${made.map(({ name }) => name).join(" and ")}`),
    ...[...Map.groupBy(shared, contentOf)]
      .filter(([, made]) => made.length > 1)
      .map(([content, made]) => `"${content}" was to be made once and was made ${made.length} times`),
    // One alone may have been at the end of its work, or not near it.
    ...(takeovers >= surelyLate && lateWritesRefused === 0
      ? [`no late write was refused, though ${takeovers} servers slept until their report was taken over`]
      : []),
  ];
  return {
    invariant: "N4",
    says: "nothing was made twice, and late writes had no effect",
    found: `${takeovers} reports taken over from sleeping servers, ${lateWritesRefused} late writes refused`,
    violations,
  };
}

function resolved({ requests }: Known): Verdict {
  const open = requests.filter(({ named, rejected }) => named.size === 0 && rejected === undefined);
  const torn = requests.filter(({ named, rejected }) => named.size > 1 || (named.size > 0 && rejected !== undefined));
  const repeats = requests.reduce((sum, { answers }) => sum + Math.max(0, answers - 1), 0);
  const unknown = requests.filter(({ unknowns }) => unknowns > 0).length;
  const retries = requests.filter(({ retried }) => retried.length > 0).length;
  return {
    invariant: "N5",
    says: "who asks again gets the same report, and every unknown outcome is known in the end",
    found: `${unknown} requests with unknown outcomes, ${repeats} repeated answers, ${retries} retries`,
    violations: [
      ...open.map(({ order }) => `${order.request} was never answered`),
      ...requests
        .filter(({ uploads }) => uploads.size > 1)
        .map(({ order, uploads }) => `${order.request} has the uploads ${[...uploads].join(" and ")}`),
      ...requests.flatMap(({ order, named, retried }) =>
        retried
          .filter((answer) => !named.has(answer))
          .map((answer) => `the retry of ${order.request} was answered with ${answer}`),
      ),
      ...torn.map(
        ({ order, named, rejected }) =>
          `${order.request} got ${[...named, ...(rejected ? [rejected] : [])].join(" and ")}`,
      ),
    ],
  };
}

function neverMade({ requests, reports }: Known): Verdict {
  const rejected = requests.filter((request) => request.rejected !== undefined && request.named.size === 0);
  const names = new Set(rejected.map(({ order }) => order.request));
  const intended = new Set(requests.map(({ order }) => order.request));
  const others = requests.filter(({ otherBody }) => otherBody !== undefined);
  return {
    invariant: "N6",
    says: "what was rejected makes no report",
    found: `${rejected.length} rejected, ${others.length} other bodies under a known id`,
    violations: [
      ...reports
        .filter(({ request }) => names.has(request))
        .map(({ name, request }) => `${request} was rejected and made ${name}`),
      ...reports
        .filter(({ request }) => !intended.has(request))
        .map(({ name }) => `${name} is of no request that was sent`),
      ...others
        .filter(({ otherBody }) => otherBody?.includes("/"))
        .map(({ order, otherBody }) => `another body under ${order.request} was accepted as ${otherBody}`),
    ],
  };
}

function unblocked({ reports, requests, answeredBy }: Known): Verdict {
  const longest = Math.max(0, ...reports.map(({ createdAtMs, endedAtMs = createdAtMs }) => endedAtMs - createdAtMs));
  const lost = reports.map(({ name, attempts }) => ({
    name,
    count: attempts.filter((reason) => reason === "WORKER_LOST").length,
  }));
  const failedByLoss = reports.filter((one) => one.state === "FAILED" && one.attempts.at(-1) === "WORKER_LOST").length;
  const mostLost = Math.max(0, ...lost.map(({ count }) => count));
  const stallMs = longestStall(reports);
  const isRetried = (name: string) => (answeredBy.get(name) ?? []).some(({ retrying }) => retrying);
  const overtaken = overtakenBy(reports.filter(({ name }) => !isRetried(name)));
  const orders = new Map(requests.map(({ order }) => [order.request, order]));
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  return {
    invariant: "N7",
    says: "no report has more attempts than it may, and none is blocked",
    found:
      `at most ${mostLost} lost attempts, by which ${failedByLoss} failed, the longest took ${seconds(longest)} s, ` +
      `nothing ended for ${seconds(stallMs)} s at most`,
    violations: [
      ...lost
        .filter(({ name, count }) => count > maxLostAttempts * (isRetried(name) ? 2 : 1))
        .map(({ name, count }) => `${name} lost ${count} attempts`),
      ...reports
        .filter(({ state, request, attempts }) => {
          const order = orders.get(request);
          return state === "FAILED" && order && !mayFailFor(order.kind).includes(attempts.at(-1) ?? "");
        })
        .map(({ name, request, attempts }) => `${name}, ${orders.get(request)?.kind}, failed for ${attempts.at(-1)}`),
      ...reports
        .filter(({ state, attempts }) => state === "FAILED" && (attempts.at(-1) ?? "") === "")
        .map(({ name }) => `${name} failed for no reason`),
      ...(stallMs > maxBlockedMs ? [`reports waited and none ended for ${seconds(stallMs)} s`] : []),
      ...overtaken
        .filter(({ ms }) => ms > maxBlockedMs)
        .map(({ name, ms }) => `${name} ended ${seconds(ms)} s after one of its tenant that came later`),
    ],
  };
}

/** Reasons for which a report of this kind may fail, beside that three workers were lost with it. */
function mayFailFor(kind: Order["kind"]): readonly string[] {
  const own = { poison: ["TOO_MANY_ROWS"], impatient: ["DEADLINE_EXCEEDED"], slow: ["DEADLINE_EXCEEDED"] };
  return ["WORKER_LOST", ...(own[kind as keyof typeof own] ?? [])];
}

/** The longest time in which no report ended though one was there. */
function longestStall(reports: readonly FinalReport[]): number {
  const ends = reports.map(({ endedAtMs = Number.POSITIVE_INFINITY }) => endedAtMs).toSorted((a, b) => a - b);
  const starts = reports.map(({ createdAtMs }) => createdAtMs).toSorted((a, b) => a - b);
  // The n-th to end has waited since the one before it ended, or since as many were created, whichever is later.
  return Math.max(0, ...ends.map((end, index) => end - Math.max(ends[index - 1] ?? 0, starts[index] ?? 0)));
}

/** How much later each has ended than the first of those of its tenant that were created after it. */
function overtakenBy(reports: readonly FinalReport[]): readonly { readonly name: string; readonly ms: number }[] {
  const ofTenants = Map.groupBy(reports, ({ name }) => name.split("/")[1]);
  return [...ofTenants.values()].flatMap((own) => {
    let firstEndMs = Number.POSITIVE_INFINITY;
    return own
      .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
      .map(({ name, endedAtMs = Number.POSITIVE_INFINITY }) => {
        const ms = endedAtMs - firstEndMs;
        firstEndMs = Math.min(firstEndMs, endedAtMs);
        return { name, ms: Number.isNaN(ms) ? 0 : ms };
      });
  });
}
