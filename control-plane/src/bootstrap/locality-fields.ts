import type { Locality } from "../model/locality.ts";

/** `locality` of a node, as far as it is known. */
export function localityFields({ region, zone, subZone }: Locality) {
  const known = { ...(region && { region }), ...(zone && { zone }), ...(subZone && { sub_zone: subZone }) };
  return Object.keys(known).length === 0 ? {} : { locality: known };
}
