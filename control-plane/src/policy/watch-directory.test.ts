import assert from "node:assert/strict";
import { renameSync, symlinkSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { problemText } from "../lib/parsed.ts";
import { createFilePolicyStore } from "./file-policy-store.ts";
import type { PolicyNote } from "./policy-store.ts";
import { change, noon, put, service, temporaryDirectory } from "./testing.ts";
import { watchDirectory } from "./watch-directory.ts";

const yaml = (name: string, port = 1) =>
  `apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: ${name}}\nspec: {port: ${port}}\n`;

/** A config directory with these files, a store, and a watch that nothing but `look` and the file system wake. */
async function watching(files: Readonly<Record<string, string>>, { rescanMs = 3_600_000 } = {}) {
  const place = await temporaryDirectory();
  const config = join(place.dir, "config");
  const write = async (path: string, text: string) => {
    await mkdir(join(config, path, ".."), { recursive: true });
    await writeFile(join(config, path), text);
  };
  await mkdir(config);
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const notes: PolicyNote[] = [];
  const observe = (note: PolicyNote) => notes.push(note);
  const now = () => noon;
  const store = await createFilePolicyStore({ dir: join(place.dir, "data"), observe, now });
  const watch = await watchDirectory({ dir: config, store, observe, now, rescanMs });
  return {
    config,
    store,
    look: watch.look,
    write,
    names: () => store.list("Service").map(({ name }) => name),
    refusals: () =>
      notes.flatMap((note) => (note.kind === "documents-refused" ? [note.problems.map(problemText).join("\n")] : [])),
    async [Symbol.asyncDispose]() {
      await watch[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < end, "did not come to pass within 10 s");
    await delay(10);
  }
}

test("what the directory holds is in force when the watch has begun, at any depth, one revision for all", async () => {
  await using it = await watching({
    "a.yaml": `${yaml("one")}---\n${yaml("two")}`,
    "deep/er/b.yml": yaml("three"),
    "c.json": '{"apiVersion": "weir/v1alpha1", "kind": "Service", "metadata": {"name": "four"}}',
    "notes.txt": "not read",
    ".hidden/d.yaml": "nor this",
    ".e.yaml.swp": "nor this",
  });
  assert.deepEqual(it.names(), ["four", "one", "three", "two"]);
  assert.equal(it.store.books.current()?.revision, 1);
  assert.deepEqual(it.store.get("Service", "three")?.origin, { kind: "file", path: "deep/er/b.yml" });
});

test("a change, a new file and a removed one are seen without being asked", async () => {
  await using it = await watching({ "a.yaml": yaml("one"), "b.yaml": yaml("two") });
  await it.write("a.yaml", yaml("changed"));
  await until(() => it.names().join() === "changed,two");
  await it.write("new/c.yaml", yaml("three"));
  await until(() => it.names().join() === "changed,three,two");
  await rm(join(it.config, "b.yaml"));
  await until(() => it.names().join() === "changed,three");
});

test("an editor that writes another file and renames it changes the document, and leaves no trace of its own", async () => {
  await using it = await watching({ "a.yaml": yaml("one") });
  await it.write("a.yaml~", "garbage");
  await it.write(".a.yaml.swp", "garbage");
  await it.write("4913", "");
  await it.write("a.tmp", yaml("one", 2));
  await rename(join(it.config, "a.tmp"), join(it.config, "a.yaml"));
  await until(() => it.store.get("Service", "one")?.revision === 2);
  assert.deepEqual(it.refusals(), []);
});

test("a mounted ConfigMap, whose link is turned to a new directory, changes the documents", async () => {
  await using it = await watching({ "..2026_1/report.yaml": yaml("one"), "..2026_2/report.yaml": yaml("one", 2) });
  assert.deepEqual(it.names(), []);
  await symlink("..2026_1", join(it.config, "..data"));
  await symlink("..data/report.yaml", join(it.config, "report.yaml"));
  await until(() => it.names().join() === "one");
  // At once, before anybody can have seen the link that replaces the other one.
  symlinkSync("..2026_2", join(it.config, "..data_tmp"));
  renameSync(join(it.config, "..data_tmp"), join(it.config, "..data"));
  await until(() => it.store.get("Service", "one")?.revision === 2);
});

test("folders that come, go and come again are followed, and so are those that a link leads to", async () => {
  await using it = await watching({ "a.yaml": yaml("one") });
  const outside = join(it.config, "..", "outside");
  await mkdir(outside);
  await symlink(outside, join(it.config, "linked"));
  await writeFile(join(outside, "x.yaml"), yaml("two"));
  await until(() => it.names().join() === "one,two");
  await it.write("new/er/b.yaml", yaml("three"));
  await until(() => it.names().join() === "one,three,two");
  await it.write("new/er/b.yaml", yaml("four"));
  await until(() => it.names().join() === "four,one,two");
  await rm(join(it.config, "new"), { recursive: true });
  await until(() => it.names().join() === "one,two");
  await it.write("new/er/b.yaml", yaml("five"));
  await until(() => it.names().join() === "five,one,two");
  await it.write("new/er/b.yaml", yaml("six"));
  await until(() => it.names().join() === "one,six,two");
});

test("where no notification comes, the re-scan finds the change", async () => {
  await using it = await watching({ "..real/report.yaml": yaml("one") }, { rescanMs: 30 });
  const outside = join(it.config, "..", "outside.yaml");
  await writeFile(outside, yaml("two"));
  await symlink(outside, join(it.config, "linked.yaml"));
  await until(() => it.names().join() === "two");
  await writeFile(outside, yaml("two", 2));
  await until(() => it.store.get("Service", "two")?.revision === 2);
});

test("a link that leads back to a folder above it is not followed for ever", async () => {
  await using it = await watching({ "a.yaml": yaml("one") });
  await symlink(it.config, join(it.config, "loop"));
  await it.look();
  assert.deepEqual(it.names(), ["one"]);
});

test("a set with anything wrong in it changes nothing, is told once with all that is wrong, and applies when mended", async () => {
  await using it = await watching({ "a.yaml": yaml("one") });
  await it.write("a.yaml", yaml("one", 2));
  await it.write("b.yaml", `${yaml("two", 0)}---\n${yaml("one")}`);
  await it.write("c.yaml", "kind: [");
  await it.write("d.yaml", "apiVersion: weir/v1alpha1\nkind: TrafficSplit\nmetadata: {name: x}\nspec: {service: on}\n");
  await it.look();
  const told = it.refusals();
  await it.look();
  assert.deepEqual(it.refusals(), told);
  assert.equal(it.store.get("Service", "one")?.revision, 1);
  assert.match(
    told.at(-1) ?? "",
    /b\.yaml:4:14 spec\.port: expected a whole number.*\n.*c\.yaml:1:.*\n.*d\.yaml:4:17 spec\.service.*"one"/s,
  );
  await it.write("b.yaml", yaml("two"));
  await rm(join(it.config, "c.yaml"));
  await rm(join(it.config, "d.yaml"));
  await it.look();
  assert.deepEqual(it.names(), ["one", "two"]);
  assert.equal(it.store.get("Service", "one")?.revision, 2);
});

test("the same kind and name in two files is refused, and both are named", async () => {
  await using it = await watching({ "a.yaml": yaml("one"), "b.yaml": yaml("one", 2) });
  assert.deepEqual(it.refusals(), ['b.yaml:3:18 metadata.name: there is another Service "one": a.yaml:3:18']);
});

test("a document that the API made unfit is told where it stands, and applies as soon as it fits again", async () => {
  const split = "apiVersion: weir/v1alpha1\nkind: TrafficSplit\nmetadata: {name: x}\nspec: {service: late}\n";
  await using it = await watching({ "a.yaml": split });
  assert.deepEqual(it.refusals(), ['a.yaml:4:17 spec.service: there is no Service "late" (there is none)']);
  await it.store.change(change(put(service("late"))));
  await it.look();
  assert.equal(it.store.get("TrafficSplit", "x")?.revision, 2);
  assert.equal(it.refusals().length, 1);
});

test("a file that was removed while another still names its service is refused at the line that names it", async () => {
  const split = "apiVersion: weir/v1alpha1\nkind: TrafficSplit\nmetadata: {name: x}\nspec: {service: one}\n";
  await using it = await watching({ "a.yaml": yaml("one"), "b.yaml": split });
  await rm(join(it.config, "a.yaml"));
  await it.look();
  assert.deepEqual(it.refusals(), ['b.yaml:4:17 spec.service: there is no Service "one" (there is none)']);
  assert.deepEqual(it.names(), ["one"]);
});

test("a directory that is suddenly empty or gone removes nothing", async () => {
  await using it = await watching({ "a.yaml": yaml("one") });
  await rename(it.config, `${it.config}-away`);
  await it.look();
  await mkdir(it.config);
  await it.look();
  assert.deepEqual(it.names(), ["one"]);
  assert.match(
    it.refusals().join("\n"),
    /cannot be read, so what was in force stays.*\n.*is empty, and held 1 documents/,
  );
  await it.write("a.yaml", "# nothing any more, and meant so\n");
  await it.look();
  assert.deepEqual(it.names(), []);
});

test("endpoint files are no documents, and a broken one does not stand in the documents' way", async () => {
  const named = `${yaml("one").trimEnd().slice(0, -1)}, endpoints: [{file: {path: endpoints/one.yaml}}]}\n`;
  await using it = await watching({
    "a.yaml": named,
    "endpoints/one.yaml": "- {address: [",
    "endpoints/unnamed.yaml": "- {address: '10.0.0.1:1'}\n",
  });
  assert.deepEqual(it.refusals(), []);
  assert.deepEqual(it.names(), ["one"]);
});

test("a config directory that does not exist is told at the start", async () => {
  await using place = await temporaryDirectory();
  await using store = await createFilePolicyStore({ dir: join(place.dir, "data"), observe: () => {}, now: () => noon });
  const watch = watchDirectory({ dir: join(place.dir, "nowhere"), store, observe: () => {}, now: () => noon });
  await assert.rejects(watch, /config directory .*nowhere cannot be read: make it, or name another with --config/);
});
