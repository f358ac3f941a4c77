/** Makes a `switch` that misses a case of a union an error of the compiler. */
export function never(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
