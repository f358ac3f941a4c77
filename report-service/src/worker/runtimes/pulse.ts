/**
 * Whether a worker process still says that it lives. Its server looks every `lookEveryMs`, and what counts is looks, not
 * time: a server that was held itself has looked less often, and blames nobody for that.
 */
export type Pulse =
  | { readonly kind: "beats" }
  /** `ranMs` is what its main thread has had of the CPU, when it fell silent and at the last look. */
  | { readonly kind: "silent"; readonly ranMsAtFirst: number; readonly ranMs: number; readonly stillLooks: number };

/** What a look finds: a beat since the last one, or how long the main thread has run. */
export type Look = { readonly kind: "beat" } | { readonly kind: "none"; readonly ranMs: number };

export type Death =
  /** It neither beats nor runs: somebody has stopped it, or it waits for what never comes. That is not its job's doing. */
  | { readonly kind: "still" }
  /** It runs and never gets round to a beat: what it does for its job has no end. */
  | { readonly kind: "spins" };

export const lookEveryMs = 1_000;
// A thread that can run gets some CPU in this time, be the machine ten times overloaded.
export const mostStillLooks = 12;
// In CPU time, which is as long on a busy machine. A page of PDF takes 0.03 s, and one cell with 10 MB of text 3 s.
export const mostHeldMs = 30_000;

export function stepPulse(pulse: Pulse, look: Look): Pulse {
  if (look.kind === "beat") return { kind: "beats" };
  const { ranMs } = look;
  if (pulse.kind === "beats") return { kind: "silent", ranMsAtFirst: ranMs, ranMs, stillLooks: 1 };
  return { ...pulse, ranMs, stillLooks: ranMs > pulse.ranMs ? 0 : pulse.stillLooks + 1 };
}

export function deathOf(pulse: Pulse): Death | undefined {
  if (pulse.kind === "beats") return undefined;
  if (pulse.stillLooks >= mostStillLooks) return { kind: "still" };
  return pulse.ranMs - pulse.ranMsAtFirst >= mostHeldMs ? { kind: "spins" } : undefined;
}
