import { didYouMean } from "../../lib/did-you-mean.ts";
import type { Problem } from "../../lib/parsed.ts";
import { nameRule, parseServiceName, type ServiceName } from "../../model/names.ts";
import type { PatchSpec } from "../../model/patch.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { Where } from "../documents/path-text.ts";

type Known = ReadonlyMap<string, ServiceSpec>;
type Place = Pick<Problem, "at" | "source">;

/** What is wrong with the name of the resource that a Patch is for: it would never be there. */
export function patchReferenceProblems(
  { type, target, clients }: PatchSpec,
  known: Known,
  where: Where,
  unknownService: (service: ServiceName, place: Place) => readonly Problem[],
): readonly Problem[] {
  const place = where(["spec", "name"]);
  const ofService = (text: string): readonly Problem[] => {
    const service = parseServiceName(text);
    return service
      ? unknownService(service, place)
      : [{ ...place, says: `"${text}" is no name: expected ${nameRule}` }];
  };
  const [, inbound] = /^inbound\/(.*)$/.exec(target) ?? [];
  if (inbound !== undefined && type !== "ClusterLoadAssignment" && clients.includes("envoy-sidecar"))
    return ofService(inbound);
  switch (type) {
    case "Cluster":
    case "ClusterLoadAssignment": {
      const [service = "", subset] = target.split("|");
      const names = known.get(service)?.subsets.map(({ name }) => name);
      if (subset === undefined || names === undefined || names.includes(subset)) return ofService(service);
      return [{ ...place, says: `Service "${service}" has no subset "${subset}"${didYouMean(subset, names)}` }];
    }
    case "VirtualHost": {
      const [service = ""] = target.split("/");
      return service === "-" ? [] : ofService(service);
    }
    case "Listener": {
      const envoys = clients.flatMap((client) =>
        client === "grpc" ? [] : [client === "envoy-edge" ? "edge" : "outbound"],
      );
      const hosts = clients.includes("grpc") ? [...known.values()].flatMap((service) => service.hosts) : [];
      const names = [...envoys, ...hosts];
      if (names.includes(target)) return [];
      const shown = clients.includes("envoy-sidecar") ? [...envoys, "inbound/SERVICE"] : envoys;
      const others = envoys.length > 0 ? ` (known: ${shown.join(", ")})` : "";
      return [
        {
          ...place,
          says: `${clients.join(", ")} take no calls by a listener "${target}"${didYouMean(target, names) || others}`,
        },
      ];
    }
  }
}
