import type { AskMetric } from "./run-shifts.ts";

// A guard that waits longer than its shortest interval has nothing to say.
const answerMs = 5_000;

/**
 * Asks a Prometheus for what a query gives now (HTTP API, instant queries): the largest of its values, undefined of none. Rejects
 * where it does not answer, or answers with what is no success.
 */
export function askPrometheus(url: string): AskMetric {
  const base = url.endsWith("/") ? url : `${url}/`;
  return async (query, signal) => {
    const answer = await fetch(new URL("api/v1/query", base), {
      method: "POST",
      body: new URLSearchParams({ query }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      // Whoever answers for it with a redirect would choose whom this machine talks to.
      redirect: "error",
    });
    const body = (await answer.json().catch(() => undefined)) as
      | { readonly status?: unknown; readonly error?: unknown; readonly data?: unknown }
      | undefined;
    if (!answer.ok || body?.status !== "success")
      throw new Error(`${base} answered ${answer.status}: ${String(body?.error ?? "no answer of Prometheus")}`);
    const values = valuesOf(body.data).filter((value) => !Number.isNaN(value));
    return values.length > 0 ? Math.max(...values) : undefined;
  };
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
