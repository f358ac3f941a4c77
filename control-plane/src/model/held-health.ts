import type { Locality } from "./locality.ts";

/**
 * How much of a locality counts as healthy for now, although its sources say more: what came back is used little by little.
 * Localities that are not named are as healthy as their endpoints say.
 */
export type HeldHealth = ReadonlyMap<LocalityKey, Held>;

export type Held = {
  /** Of its endpoints, in percent. */
  readonly percent: number;
  /** Whether Envoys are held back too, and not only gRPC clients, whose weights are to change slowly. */
  readonly onEnvoy: boolean;
};

/** `dc-a/z1/`: every part, so that no two localities have the same. */
export type LocalityKey = `${string}/${string}/${string}`;

export function localityKey({ region, zone, subZone }: Locality): LocalityKey {
  return `${region}/${zone}/${subZone}`;
}

/** Up to this many endpoints each of them is a step. */
const fineUntil = 20;
const stepPercent = 5;

/**
 * The percent of a locality's endpoints that serve, in steps of 5: weights that follow it do not change with each of many
 * endpoints. Never more than it is, and exact for up to 20 endpoints, where one is a step of 5 % or more by itself.
 */
export function healthPercent(serving: number, of: number): number {
  if (of === 0) return 0;
  return of <= fineUntil ? (100 * serving) / of : Math.floor((100 * serving) / of / stepPercent) * stepPercent;
}
