/** An immutable set of names. Streams that ask for the same names share one. */
export type NameList = {
  readonly size: number;
  has(name: string): boolean;
  values(): Iterable<string>;
};
