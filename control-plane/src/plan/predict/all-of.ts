/** The shares of so many owners when one has all. */
export function allOf(owner: number | undefined, owners: number): readonly number[] {
  return Array.from({ length: owners }, (_, index) => (index === owner ? 1 : 0));
}
