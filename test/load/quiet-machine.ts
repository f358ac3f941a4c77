import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

/** Resolves once the machine was less busy than `below` (a share of all its cores) for two seconds, or after `withinMs`. */
export async function quietMachine(withinMs: number, below = 0.2): Promise<void> {
  const end = performance.now() + withinMs;
  let quietFor = 0;
  while (quietFor < 2 && performance.now() < end) {
    const before = busyAndAll();
    await delay(1_000);
    const after = busyAndAll();
    quietFor = (after.busy - before.busy) / (after.all - before.all) < below ? quietFor + 1 : 0;
  }
}

function busyAndAll(): { readonly busy: number; readonly all: number } {
  const times = cpus().map(({ times }) => times);
  const all = times.reduce((sum, { user, nice, sys, irq, idle }) => sum + user + nice + sys + irq + idle, 0);
  return { all, busy: all - times.reduce((sum, { idle }) => sum + idle, 0) };
}
