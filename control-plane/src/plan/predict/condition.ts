/**
 * What is wrong with an endpoint besides the health that its source tells:
 * - `gone`: nobody answers there, connections are refused or time out;
 * - `erring`: every request is answered with an error;
 * - `ejected`: the client does not use it, whatever its limits for that are.
 */
export type Trouble = "gone" | "erring" | "ejected";

/** By address (`host:port`), once clients had the time to notice. */
export type Condition = ReadonlyMap<string, Trouble>;

export const nothingWrong: Condition = new Map();
