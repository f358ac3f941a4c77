import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Sighting } from "../feed.ts";
import { fileSource } from "../source-names.ts";
import { createFileSource } from "./file-source.ts";
import { parseEndpointFile } from "./parse-endpoint-file.ts";

async function watching(
  path: string,
  { dir, rescanMs = 60_000 }: { readonly dir?: string; readonly rescanMs?: number } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "weir-file-"));
  const stop = new AbortController();
  const { watch } = createFileSource({ dir: dir ?? folder, rescanMs });
  const feed = { kind: "file", key: `file/${path}`, source: fileSource, path } as const;
  const sightings = watch(feed, stop.signal)[Symbol.asyncIterator]();
  return {
    write: (text: string, name = path) => writeFile(join(folder, name), text),
    folder,
    stop,
    async next(): Promise<Sighting> {
      const { value, done } = await sightings.next();
      if (done) throw new Error("the watch has ended");
      return value;
    },
    ended: async () => (await sightings.next()).done === true,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await rm(folder, { recursive: true });
    },
  };
}

const shown = (sighting: Sighting) =>
  sighting.kind === "seen" ? sighting.endpoints.map(({ id }) => id).join(" ") : sighting.cause.message;

test("a file is read, and read again when it changes", async () => {
  await using it = await watching("report.yaml");
  await it.write("- {address: '10.0.0.1:1', locality: dc-a/z1}\n");
  assert.equal(shown(await it.next()), "10.0.0.1:1");
  const next = it.next();
  await it.write('[{"address": "10.0.0.2:1"}]');
  assert.equal(shown(await next), "10.0.0.2:1");
});

test("a file that is replaced rather than written into is read again", async () => {
  await using it = await watching("report.yaml");
  await it.write("- {address: '10.0.0.1:1'}\n");
  await it.next();
  const next = it.next();
  await it.write("- {address: '10.0.0.2:1'}\n", "new.yaml");
  await rename(join(it.folder, "new.yaml"), join(it.folder, "report.yaml"));
  assert.equal(shown(await next), "10.0.0.2:1");
});

test("a wrong file is a failure with its lines, and a repaired one is seen again", async () => {
  await using it = await watching("report.yaml");
  await it.write("- {address: '10.0.0.1:1'}\n");
  await it.next();
  const wrong = it.next();
  await it.write("- address: '10.0.0.1:1'\n- address: nowhere\n  weight: 0\n");
  assert.match(shown(await wrong), /^report\.yaml:2:12 \[1\]\.address: .*\nreport\.yaml:3:11 \[1\]\.weight: /);
  const repaired = it.next();
  await it.write("- {address: '10.0.0.1:1'}\n");
  assert.equal(shown(await repaired), "10.0.0.1:1");
});

test("a file that is not there is a failure, and is seen once it is", async () => {
  await using it = await watching("report.yaml");
  assert.equal(shown(await it.next()), "report.yaml: cannot be read (ENOENT)");
  const next = it.next();
  await it.write("[]");
  assert.equal(shown(await next), "");
});

test("a file in a folder that is not there yet is found by looking again", async () => {
  await using it = await watching("endpoints/report.yaml", { rescanMs: 10 });
  await it.next();
  const next = it.next();
  await mkdir(join(it.folder, "endpoints"));
  await it.write("- {address: '10.0.0.1:1'}\n");
  assert.equal(shown(await next), "10.0.0.1:1");
});

test("an empty file is a failure, not an empty list: it may be half written", async () => {
  await using it = await watching("report.yaml");
  await it.write("");
  assert.match(shown(await it.next()), /expected a list of endpoints, got nothing/);
});

for (const path of ["/etc/passwd", "../secret.yaml", "a/../../secret.yaml"]) {
  test(`a document cannot reach ${path}`, async () => {
    await using it = await watching(path);
    assert.match(shown(await it.next()), /is outside of/);
  });
}

test("the end of the signal ends the watch", async () => {
  await using it = await watching("report.yaml");
  await it.next();
  const ended = it.ended();
  it.stop.abort();
  assert.equal(await ended, true);
});

for (const [title, text, says] of [
  ["broken YAML", "- {address: '10.0.0.1:1'\n", /report\.yaml:\d+:\d+ /],
  ["a key that stands there twice", "- {address: '10.0.0.1:1', address: '10.0.0.2:1'}\n", /unique/],
  ["an object in place of the list", "endpoints: []\n", /report\.yaml:1:1 expected a list of endpoints, got an object/],
  ["an unknown key", "- {address: '10.0.0.1:1', adress: x}\n", /\[0\]\.adress: is not known here/],
  ["aliases", "- &a {address: '10.0.0.1:1'}\n- *a\n", /report\.yaml:2:3 aliases/],
] as const) {
  test(`${title} is refused with its place`, () => {
    const result = parseEndpointFile(text, "report.yaml", fileSource);
    assert.ok(!result.ok);
    const [problem] = result.problems;
    assert.match(
      `${problem?.source?.file}:${problem?.source?.line}:${problem?.source?.column} ${problem?.at ? `${problem.at}: ` : ""}${problem?.says}`,
      says,
    );
  });
}
