import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readYaml } from "../policy/documents/yaml-values.ts";
import { documentFeatures, featuresIn } from "./document-features.ts";

export type MissingFeatures = Readonly<Record<"envoy" | "grpc", readonly string[]>>;

/** Fields of documents, and words that fields may hold, for which a folder of cases shows no Envoy, or no gRPC client, anything. */
export async function missingFeatures(folder: string): Promise<MissingFeatures> {
  const met = { envoy: new Set<string>(), grpc: new Set<string>() };
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".in.yaml")) continue;
    const { values } = readYaml(await readFile(join(folder, name), "utf8"), name);
    const { viewers = [] } = (values[0]?.value ?? {}) as { readonly viewers?: readonly string[] };
    const features = featuresIn(values.slice(1).map(({ value }) => value));
    for (const viewer of viewers)
      for (const feature of features) met[viewer.startsWith("grpc") ? "grpc" : "envoy"].add(feature);
  }
  const missing = (kind: keyof typeof met) => documentFeatures.filter((feature) => !met[kind].has(feature));
  return { envoy: missing("envoy"), grpc: missing("grpc") };
}
