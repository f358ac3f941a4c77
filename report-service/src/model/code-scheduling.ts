/**
 * How the kernel gives CPU time to the code of kinds (sched(7)): `other`, as to everybody else, by its niceness; `idle`,
 * only what nobody else on the machine wants at the moment; `auto`, as `idle` while that is enough, and as `other` where it is not.
 */
export type CodeScheduling = "auto" | SandboxScheduling;

/** Of one process. The kernel lets nobody without rights take `idle` back. */
export type SandboxScheduling = "other" | "idle";

export const codeSchedulings = ["auto", "other", "idle"] as const satisfies readonly CodeScheduling[];
