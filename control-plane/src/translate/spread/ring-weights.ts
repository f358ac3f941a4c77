import type { Member } from "./spread-endpoints.ts";

/** The largest weight of an endpoint: grpc-go multiplies it in 32 bits with a locality's, which is at most 400,000. */
const most = 10_000;

/**
 * The endpoints of a locality, weighing together what those of any other do. In a gRPC client's ring an endpoint's part is its
 * locality's weight times its own (gRFC A42), so a locality's would grow with its endpoints: half and half over one endpoint
 * and three was one to three (grpc-js-xds 1.14.1).
 */
export function ringWeights(members: readonly Member[]): readonly Member[] {
  const used = members.filter(({ health }) => health === "serving");
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return members;
  const part = (weight: number) => Math.min(most, Math.max(1, Math.round((most * weight) / total)));
  return members.map((member) => ({ ...member, weight: part(member.weight) }));
}
