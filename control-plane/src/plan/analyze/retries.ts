import { type Analyzer, ofEachService, timeText, when } from "./analyzer.ts";

// Retries and timeouts, against each other.

const triesOverDeadline = ofEachService(
  { code: "WR0211", severity: "warning", title: "The tries take longer than the request may" },
  ({ name, policy: { retry, timeouts }, inPolicy }) => {
    if (retry.kind === "off" || retry.perTryTimeoutMs === undefined || timeouts.requestMs === undefined) return [];
    const allMs = (retry.attempts + 1) * retry.perTryTimeoutMs;
    const { requestMs } = timeouts;
    const { perTryTimeoutMs } = retry;
    return when(allMs > requestMs, () => ({
      place: inPolicy("retry", "perTryTimeout"),
      says: `${retry.attempts + 1} tries of ${timeText(perTryTimeoutMs)} are ${timeText(allMs)}, and a request to ${name} ends after ${timeText(requestMs)}: not all of them come to an end`,
      remedy: `Set perTryTimeout to ${timeText(Math.max(1, Math.floor(requestMs / (retry.attempts + 1))))} or less, or fewer attempts.`,
    }));
  },
);

const noTimeouts = ofEachService(
  { code: "WR0212", severity: "info", title: "Retries do not help with an endpoint that hangs" },
  ({ name, policy: { retry, timeouts }, inPolicy, isWritten }) => {
    const isMeant = isWritten("retry") || isWritten("timeouts", "request");
    const isEndless = retry.kind === "on" && retry.perTryTimeoutMs === undefined && timeouts.requestMs === undefined;
    return when(isMeant && isEndless, () => ({
      place: inPolicy("retry"),
      says: `neither a try nor a request to ${name} has an end: an endpoint that takes requests and does not answer is waited for until the caller's own deadline, and nothing is tried again`,
      remedy: "Set retry.perTryTimeout (not for streams), or see to it that every caller has a deadline.",
    }));
  },
);

const unsafe: readonly string[] = ["DEADLINE_EXCEEDED", "INTERNAL", "5xx", "gateway-error", "reset"];

const notIdempotent = ofEachService(
  { code: "WR0213", severity: "warning", title: "Retried answers may come from calls that were carried out" },
  ({ name, policy: { retry }, inPolicy }) => {
    if (retry.kind === "off") return [];
    const codes = retry.retryOn.filter((each) => unsafe.includes(each));
    const risky = [...codes, ...retry.conditions.filter((each) => unsafe.includes(each))];
    return when(risky.length > 0, () => ({
      place: inPolicy("retry", codes.length > 0 ? "retryOn" : "conditions"),
      says: `after ${risky.join(" and ")} a call to ${name} may have been carried out: with a retry it is carried out twice, and under load it makes for more load`,
      remedy: "Leave them out, unless every method of the service may be called twice.",
    }));
  },
);

const budgetWithoutEffect = ofEachService(
  { code: "WR0214", severity: "warning", title: "The retry budget holds nothing back" },
  ({ name, policy: { retry, circuitBreaker }, inPolicy, isWritten }) => {
    if (retry.kind === "off" || !isWritten("retry", "budget")) return [];
    const { percent, minRetryConcurrency } = retry.budget;
    const place =
      percent >= 50 ? inPolicy("retry", "budget", "percent") : inPolicy("retry", "budget", "minRetryConcurrency");
    const isWide = percent >= 50 || minRetryConcurrency > circuitBreaker.maxRequests / 4;
    return when(isWide, () => ({
      place,
      says:
        percent >= 50
          ? `up to ${percent} % of the requests to ${name} in flight may be retries: when it is overloaded, retries make that ${percent >= 100 ? "twice" : "half as much again"}`
          : `${minRetryConcurrency} retries to ${name} are always allowed, of ${circuitBreaker.maxRequests} requests in flight at most: the percentage hardly ever counts`,
      remedy: "The defaults are percent 20 and minRetryConcurrency 100.",
    }));
  },
);

const connectOverTry = ofEachService(
  { code: "WR0221", severity: "warning", title: "Connecting may take as long as a whole try" },
  ({ name, policy: { retry, timeouts }, inPolicy }) => {
    const tryMs = (retry.kind === "on" ? retry.perTryTimeoutMs : undefined) ?? timeouts.requestMs;
    const what = retry.kind === "on" && retry.perTryTimeoutMs !== undefined ? "perTryTimeout" : "timeouts.request";
    return when(tryMs !== undefined && timeouts.connectMs >= tryMs, () => ({
      place: inPolicy("timeouts", "connect"),
      says: `a connection to ${name} may take ${timeText(timeouts.connectMs)} to open, and ${what} is ${timeText(tryMs ?? 0)}: an endpoint that is gone uses up the whole time, and the request fails without another being tried`,
      remedy: `Set timeouts.connect well below ${what}; the default is 1s.`,
    }));
  },
);

const slowBackOff = ofEachService(
  { code: "WR0215", severity: "info", title: "Waiting between tries takes longer than the request may" },
  ({ name, policy: { retry, timeouts }, inPolicy }) => {
    const { requestMs } = timeouts;
    return when(retry.kind === "on" && requestMs !== undefined && retry.backOff.baseMs >= requestMs, () => ({
      place: inPolicy("retry", "backOff", "baseInterval"),
      says: `the first wait before a retry is up to ${timeText(retry.kind === "on" ? retry.backOff.baseMs : 0)}, and a request to ${name} ends after ${timeText(requestMs ?? 0)}: most are never retried`,
      remedy: "Set backOff.baseInterval to a small part of timeouts.request; the default is 25ms.",
    }));
  },
);

export const retryAnalyzers: readonly Analyzer[] = [
  triesOverDeadline,
  noTimeouts,
  notIdempotent,
  budgetWithoutEffect,
  slowBackOff,
  connectOverTry,
];
