import { z } from "zod";
import type { NodePlace } from "./endpoints-of-slices.ts";
import type { Collection } from "./list-watch.ts";

const nodeSchema = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).nullish() }),
});

/** Nodes, of which only the metadata are asked for: their status is long, and written often. */
export const nodes: Collection<NodePlace> = {
  path: "/api/v1/nodes",
  query: {},
  acceptList: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  acceptWatch: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
  read(object) {
    const labels = nodeSchema.parse(object).metadata.labels ?? {};
    return {
      region: labels["topology.kubernetes.io/region"] || undefined,
      zone: labels["topology.kubernetes.io/zone"] || undefined,
    };
  },
};
