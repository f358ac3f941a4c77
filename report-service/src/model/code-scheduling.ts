/**
 * How the kernel gives CPU time to the code of kinds (sched(7)): `other`, as to everybody else, by its niceness; `idle`,
 * only what nobody else on the machine wants at the moment.
 */
export type CodeScheduling = "other" | "idle";

export const codeSchedulings = ["other", "idle"] as const satisfies readonly CodeScheduling[];
