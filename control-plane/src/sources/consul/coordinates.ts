import { z } from "zod";

/** A network coordinate of Vivaldi's kind, in seconds (developer.hashicorp.com/consul/docs/architecture/coordinates). */
export type Coordinate = {
  readonly vector: readonly number[];
  readonly height: number;
  readonly adjustment: number;
};

/** A data center as `GET /v1/coordinate/datacenters` tells of it: one coordinate for each of its servers. */
export type DatacenterCoordinates = {
  readonly datacenter: string;
  readonly area: string;
  readonly servers: readonly Coordinate[];
};

const coordinate = z
  .object({ Vec: z.array(z.number()), Height: z.number(), Adjustment: z.number() })
  .transform(({ Vec, Height, Adjustment }): Coordinate => ({ vector: Vec, height: Height, adjustment: Adjustment }));

const answer = z
  .array(
    z
      .object({
        Datacenter: z.string(),
        AreaID: z.string().default("wan"),
        Coordinates: z.array(z.object({ Coord: coordinate })).nullable(),
      })
      .transform(
        ({ Datacenter, AreaID, Coordinates }): DatacenterCoordinates => ({
          datacenter: Datacenter,
          area: AreaID,
          servers: (Coordinates ?? []).map(({ Coord }) => Coord),
        }),
      ),
  )
  .nullable()
  .transform((all) => all ?? []);

/** Throws for what is no such answer. */
export function parseCoordinates(text: string): readonly DatacenterCoordinates[] {
  return answer.parse(JSON.parse(text));
}

/**
 * The round trip between two coordinates, in milliseconds, as Consul's documentation computes it: the distance of the vectors
 * and both heights, with the adjustments unless those make it negative.
 */
export function roundTripMs(a: Coordinate, b: Coordinate): number {
  const squares = a.vector.map((value, index) => (value - (b.vector[index] ?? 0)) ** 2);
  const plain = Math.sqrt(squares.reduce((sum, square) => sum + square, 0)) + a.height + b.height;
  const adjusted = plain + a.adjustment + b.adjustment;
  return 1_000 * (adjusted > 0 ? adjusted : plain);
}

/**
 * The round trip between two data centers, in milliseconds: the median over their servers, as Consul itself sorts data centers
 * by. Undefined where either has no coordinate yet, or they share no area.
 */
export function distanceMs(a: DatacenterCoordinates, b: DatacenterCoordinates): number | undefined {
  if (a.area !== b.area) return undefined;
  const all = a.servers.flatMap((one) => b.servers.map((other) => roundTripMs(one, other))).sort((x, y) => x - y);
  return all[Math.floor(all.length / 2)];
}
