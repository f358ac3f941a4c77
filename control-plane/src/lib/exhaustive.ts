/** For the default branch of a switch over a union: a new member does not compile until it has a case. */
export function never(value: never): never {
  throw new Error(`not a known case: ${JSON.stringify(value)}`);
}
