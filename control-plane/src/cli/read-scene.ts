import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { type Problem, problemText } from "../lib/parsed.ts";
import { parseEndpointList } from "../model/endpoint-entry.ts";
import { parseSourceName, type SourceName } from "../model/names.ts";
import { addressText, type Catalog, type Endpoint, type ServiceSpec } from "../model/service.ts";
import type { Scene } from "../plan/analyze/scene.ts";
import { problemsOfSet } from "../policy/check-directory.ts";
import { buildBook, emptyBook } from "../policy/documents/book.ts";
import { documentSetOf, type TextFile } from "../policy/documents/document-set.ts";
import { readYaml } from "../policy/documents/yaml-values.ts";
import { listDirectory, readFiles } from "../policy/read-directory.ts";
import { CliError } from "./cli-error.ts";

/**
 * What can be known of documents without a server: the documents, and the endpoints that stand in them or in files beside
 * them. Throws when something cannot be read, or is no good in itself.
 */
export async function readScene(paths: readonly string[], now: Date): Promise<Scene> {
  const texts: TextFile[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const about = await stat(path).catch((cause: Error) => unreadable(path, cause));
    if (!about.isDirectory()) {
      const text = await readFile(path, "utf8").catch((cause: Error) => unreadable(path, cause));
      texts.push({ path: paths.length === 1 ? basename(path) : path, text });
      continue;
    }
    const { files, problems: unlisted } = await listDirectory(path);
    const { read, problems: unread } = await readFiles(path, files);
    problems.push(...unlisted, ...unread);
    texts.push(...[...read.values()].map(({ file }) => file));
  }
  const set = documentSetOf(texts, now);
  const documents = set.documents.map(({ document }) => document);
  problems.push(...problemsOfSet(set));
  const book = buildBook(emptyBook, documents, { revision: 0 });
  if (!book.ok || problems.length > 0) {
    const lines = problems.map((each) => `  ${problemText(each)}`);
    throw new CliError(`these documents cannot be applied, see to that first:\n${lines.join("\n")}`);
  }
  if (documents.length === 0) throw new CliError(`there is no document in ${paths.join(", ")}`);
  return {
    book: book.value,
    written: documents,
    catalog: catalogOf(book.value.services, texts),
    clients: undefined,
    loads: undefined,
    now,
  };
}

/** The services all of whose endpoints stand in documents or files: of the others nothing is known. */
function catalogOf(specs: ReadonlyMap<ServiceSpec["name"], ServiceSpec>, texts: readonly TextFile[]): Catalog {
  return new Map(
    [...specs].flatMap(([name, spec]) => {
      const lists = spec.origins.map((origin): readonly Endpoint[] | undefined => {
        if (origin.kind === "static") return origin.endpoints;
        return origin.kind === "file" ? endpointsIn(texts.find(({ path }) => path === origin.path)) : undefined;
      });
      if (lists.some((list) => list === undefined)) return [];
      // The origin that stands first wins, as when served.
      const byAddress = new Map(
        lists
          .flatMap((list) => list ?? [])
          .toReversed()
          .map((endpoint) => [addressText(endpoint.address), endpoint]),
      );
      return [[name, { spec, endpoints: [...byAddress.values()] }] as const];
    }),
  );
}

const fileSource = parseSourceName("file") as SourceName;

function endpointsIn(file: TextFile | undefined): readonly Endpoint[] | undefined {
  const value = file && readYaml(file.text, file.path).values[0]?.value;
  const list = value === undefined ? undefined : parseEndpointList(value, "", fileSource);
  return list?.ok ? list.value : undefined;
}

function unreadable(path: string, cause: Error): never {
  const why = "code" in cause && cause.code === "ENOENT" ? "there is no such file" : cause.message;
  throw new CliError(`cannot read ${path}: ${why}`);
}
