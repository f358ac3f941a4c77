import type { AskRange } from "./baseline.ts";
import type { AskMetric } from "./run-shifts.ts";

// A guard that waits longer than its shortest interval has nothing to say.
const answerMs = 5_000;

/**
 * Asks a Prometheus for what a query gives now (HTTP API, instant queries): the largest of its values, undefined of none. Rejects
 * where it does not answer, or answers with what is no success.
 */
export function askPrometheus(url: string): AskMetric {
  return async (query, signal) => {
    const values = valuesOf(await ask(url, "query", { query }, signal)).filter((value) => !Number.isNaN(value));
    return values.length > 0 ? Math.max(...values) : undefined;
  };
}

/** The same at many times (range queries): the largest value at each that has one. */
export function askPrometheusRange(url: string): AskRange {
  return async (query, { fromMs, toMs, stepMs }, signal) => {
    const form = { query, start: String(fromMs / 1000), end: String(toMs / 1000), step: String(stepMs / 1000) };
    const largest = new Map<number, number>();
    for (const [time, value] of pointsOf(await ask(url, "query_range", form, signal)))
      if (!Number.isNaN(value)) largest.set(time, Math.max(value, largest.get(time) ?? Number.NEGATIVE_INFINITY));
    return [...largest.values()];
  };
}

async function ask(
  url: string,
  call: string,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<unknown> {
  const base = url.endsWith("/") ? url : `${url}/`;
  const answer = await fetch(new URL(`api/v1/${call}`, base), {
    method: "POST",
    body: new URLSearchParams(form),
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    // Whoever answers for it with a redirect would choose whom this machine talks to.
    redirect: "error",
  });
  const body = (await answer.json().catch(() => undefined)) as
    | { readonly status?: unknown; readonly error?: unknown; readonly data?: unknown }
    | undefined;
  if (!answer.ok || body?.status !== "success")
    throw new Error(`${base} answered ${answer.status}: ${String(body?.error ?? "no answer of Prometheus")}`);
  return body.data;
}

/** Of `{resultType: "matrix", result: [{values: [[time, "0.5"]]}]}`. */
function pointsOf(data: unknown): readonly (readonly [number, number])[] {
  const { result } = (data ?? {}) as { readonly result?: unknown };
  if (!Array.isArray(result)) return [];
  return result.flatMap((each: { readonly values?: readonly (readonly unknown[])[] }) =>
    (each?.values ?? []).map(([time, value]) => [Number(time), Number(value)] as const),
  );
}

/** Of `{resultType: "vector", result: [{value: [time, "0.5"]}]}`, or of a scalar. */
function valuesOf(data: unknown): readonly number[] {
  const { resultType, result } = (data ?? {}) as { readonly resultType?: unknown; readonly result?: unknown };
  if (!Array.isArray(result)) return [];
  if (resultType === "scalar") return [Number(result[1])];
  if (resultType !== "vector")
    throw new Error(`a query of a guard gives a vector or a scalar, not ${String(resultType)}`);
  return result.flatMap((each: { readonly value?: readonly unknown[] }) =>
    each?.value ? [Number(each.value[1])] : [],
  );
}
