/** How far regions are from each other: from, to, milliseconds of round trip. Where nothing is known, nothing stands. */
export type Distances = ReadonlyMap<string, ReadonlyMap<string, number>>;

export const noDistances: Distances = new Map();
