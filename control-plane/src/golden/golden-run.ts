import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { problemText } from "../lib/parsed.ts";
import { type Viewer, viewerKey } from "../model/viewer.ts";
import { dangling } from "../snapshot/dangling.ts";
import { pack } from "../snapshot/pack.ts";
import type { ResourceSet } from "../translate/resource-set.ts";
import { createTranslate } from "../translate/translate.ts";
import type { EnvoyVerdict } from "./envoy-verdict.ts";
import { readCase } from "./golden-case.ts";
import { goldenText } from "./golden-text.ts";
import { grpcVerdict } from "./grpc-verdict.ts";
import { shortDiff } from "./short-diff.ts";

export type GoldenReport = {
  readonly outputs: number;
  readonly changed: readonly string[];
  readonly wrong: readonly string[];
};

/**
 * Translates every `*.in.yaml` of a folder for each of its viewers. Writes the `.out.yaml` files and removes those without
 * a case, or with `check` only tells what differs. Either way each output is shown to the client it is for.
 */
export async function runGolden(
  folder: string,
  { check, envoyVerdict }: { readonly check: boolean; readonly envoyVerdict: EnvoyVerdict },
): Promise<GoldenReport> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).sort();
  const cases = await Promise.all(names.filter(isCase).map((name) => outputsOf(folder, name)));
  const outputs = cases.flatMap(({ outputs }) => outputs);

  const expected = new Set(outputs.map(({ name }) => name));
  const orphans = names.filter((name) => name.endsWith(".out.yaml") && !expected.has(name));
  const files = await Promise.all([
    ...outputs.map((output) => (check ? compare(folder, output) : rewrite(folder, output))),
    ...orphans.map((name) => (check ? `${name}: no case makes this file` : removed(folder, name))),
  ]);
  const verdicts = await inTwos(outputs, ({ name, set, viewer }) => verdictOn(name, set, viewer, envoyVerdict));
  const differing = files.filter((said) => said !== undefined);
  return {
    outputs: outputs.length,
    changed: check ? [] : differing,
    wrong: [
      ...cases.flatMap(({ wrong }) => wrong),
      ...(check ? differing : []),
      ...verdicts.filter((said) => said !== undefined),
    ],
  };
}

type Output = { readonly name: string; readonly text: string; readonly set: ResourceSet; readonly viewer: Viewer };

async function outputsOf(
  folder: string,
  file: string,
): Promise<{ readonly outputs: readonly Output[]; readonly wrong: readonly string[] }> {
  const read = readCase(await readFile(join(folder, file), "utf8"), file);
  if (!read.ok) return { outputs: [], wrong: read.problems.map(problemText) };
  const { world, viewers, shows } = read.value;
  const translate = createTranslate();
  return {
    wrong: [],
    outputs: [...viewers].map(([viewerName, viewer]) => {
      const translation = translate(world, viewer);
      const name = `${file.slice(0, -".in.yaml".length)}.${viewerName}.out.yaml`;
      return { name, viewer, set: translation.resources, text: goldenText(translation, { shows, from: file }) };
    }),
  };
}

/** What the client that the output is for has against it. */
export async function verdictOn(
  name: string,
  set: ResourceSet,
  viewer: Viewer,
  envoyVerdict: EnvoyVerdict,
): Promise<string | undefined> {
  const snapshot = pack(set, viewerKey(viewer), 1);
  const [first] = dangling(snapshot);
  if (first) return `${name}: ${first.from.type} ${first.from.name} names ${first.to}, which is not there`;
  const said = viewer.flavour === "envoy" ? await envoyVerdict(set) : grpcVerdict(snapshot);
  if (said === undefined) return undefined;
  return `${name}: ${viewer.flavour === "envoy" ? "Envoy" : "the gRPC Node client"} refuses it:\n${indented(said)}`;
}

async function compare(folder: string, { name, text }: Output): Promise<string | undefined> {
  const there = await readFile(join(folder, name), "utf8").catch(() => undefined);
  if (there === undefined) return `${name}: is missing; npm run golden writes it`;
  if (there === text) return undefined;
  return `${name}: differs from what is sent now; npm run golden rewrites it\n${indented(shortDiff(there, text))}`;
}

async function rewrite(folder: string, { name, text }: Output): Promise<string | undefined> {
  const there = await readFile(join(folder, name), "utf8").catch(() => undefined);
  if (there === text) return undefined;
  await writeFile(join(folder, name), text);
  return `${there === undefined ? "new" : "changed"}: ${name}`;
}

async function removed(folder: string, name: string): Promise<string> {
  await rm(join(folder, name));
  return `removed: ${name}`;
}

/** Two at a time: an Envoy start is mostly CPU. */
async function inTwos<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = values.entries();
  const worker = async () => {
    for (const [index, value] of queue) results[index] = await work(value);
  };
  await Promise.all([worker(), worker()]);
  return results;
}

function isCase(name: string): boolean {
  return name.endsWith(".in.yaml");
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}
