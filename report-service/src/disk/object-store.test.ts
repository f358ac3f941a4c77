import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import {
  bytesOf,
  factsOf,
  keysOf,
  type ObjectPlace,
  provesObjectStore,
  provesSignedUrls,
  put,
  statusOf,
} from "../../test/contract/object-store.ts";
import { never } from "../../test/contract/place.ts";
import { lacksPrlimit, limitFileSize } from "../../test/file-size-limit.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { ownClock } from "../ports/clock.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { createVault } from "../vault/vault.ts";
import type { SigningKey } from "./grant.ts";
import type { Sealing } from "./object-file.ts";
import { type ObjectNote, startObjectServer } from "./object-server.ts";
import { createDiskObjects, draftsOf } from "./object-store.ts";
import { createDiskUrls } from "./signed-urls.ts";
import { createSigningKeys, type SigningKeys } from "./signing-keys.ts";

provesObjectStore("disk", openDiskPlace, 3_000_000);
provesSignedUrls("disk", openDiskPlace);
const sealing = { vault: createVault([signingKey("v")]), seals: true };
provesObjectStore("disk, sealed", () => openDiskPlace({ sealing }), 3_000_000);
provesSignedUrls("disk, sealed", () => openDiskPlace({ sealing }));

const key = "t/uploads/u";
const as = { fileName: "a.csv", mediaType: "text/csv" };

test("disk: a file that was put is moved, not copied", async () => {
  await using place = await openDiskPlace();
  await put(place, "t/r/1/a", "x");
  assert.equal(existsSync(join(place.scratch, "draft")), false);
});

test("disk: an upload is seen by nobody before it is whole, and leaves nothing when its client is gone", async () => {
  await using place = await openDiskPlace();
  const { objects, root, urls, notes } = place;
  const bytes = randomBytes(300_000);
  const sending = await beginPut(urls.put(key, { mediaType: "text/csv", ...factsOf(bytes) }, 60_000));
  sending.write(bytes.subarray(0, 200_000));
  while ((await readdir(draftsOf(root)).catch(() => [])).length === 0) await new Promise(setImmediate);
  assert.deepEqual(await keysOf(objects), []);
  assert.equal(await objects.check(key), undefined);
  sending.on("error", () => undefined).destroy();
  while (notes.length === 0) await new Promise(setImmediate);
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ["object-call-ended"],
  );
  assert.deepEqual(await readdir(draftsOf(root)), []);
});

test("disk: what is too large is refused while it comes, however it is sent", async () => {
  await using place = await openDiskPlace();
  const { objects, root, urls } = place;
  const sending = await beginPut(urls.put(key, { mediaType: "text/csv", ...factsOf(Buffer.alloc(10)) }, 60_000));
  sending.on("error", () => undefined);
  // Without a length, and without an end.
  sending.write(Buffer.alloc(100_000));
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  assert.equal(response.statusCode, 413);
  response.resume();
  sending.destroy();
  assert.deepEqual(await keysOf(objects), []);
  assert.deepEqual(await readdir(draftsOf(root)), []);
});

test("disk: a client that asks before it sends is told at once", async () => {
  await using place = await openDiskPlace();
  const { urls } = place;
  const bytes = Buffer.from("hello");
  const good = await urls.put(key, { mediaType: "text/csv", ...factsOf(bytes) }, 60_000);
  for (const { url, wanted } of [
    { url: good.url, wanted: "continue" },
    { url: `${good.url}x`, wanted: "response" },
  ]) {
    const sending = request(url, { method: "PUT", headers: { ...good.headers, expect: "100-continue" } });
    sending.flushHeaders();
    const told = Promise.race([
      once(sending, "continue").then(() => "continue"),
      once(sending, "response").then(() => "response"),
    ]);
    assert.equal(await told, wanted);
    if (wanted === "response") {
      sending.on("error", () => undefined).destroy();
      continue;
    }
    sending.end(bytes);
    const [response] = (await once(sending, "response")) as [IncomingMessage];
    assert.equal(response.resume().statusCode, 200);
  }
});

test("disk: an object is never replaced, and putting it again is no error", async () => {
  await using place = await openDiskPlace();
  const bytes = Buffer.from("hello");
  const { url, headers } = await place.urls.put(key, { mediaType: "text/csv", ...factsOf(bytes) }, 60_000);
  assert.equal(await statusOf(url, { method: "PUT", headers, body: bytes }), 200);
  assert.equal(await statusOf(url, { method: "PUT", headers, body: bytes }), 200);
  const other = Buffer.from("other");
  const second = await place.urls.put(key, { mediaType: "text/csv", ...factsOf(other) }, 60_000);
  await statusOf(second.url, { method: "PUT", headers, body: other });
  assert.deepEqual(await place.objects.check(key), factsOf(bytes));
});

test("disk: of many who send one object at once, all are told that it is there, and it is whole", async () => {
  await using place = await openDiskPlace();
  const bytes = randomBytes(200_000);
  const { url, headers } = await place.urls.put(key, { mediaType: "text/csv", ...factsOf(bytes) }, 60_000);
  const sent = Array.from({ length: 20 }, () => statusOf(url, { method: "PUT", headers, body: bytes }));
  assert.deepEqual(new Set(await Promise.all(sent)), new Set([200]));
  assert.deepEqual(await place.objects.check(key), factsOf(bytes));
  assert.deepEqual(await readdir(draftsOf(place.root)), []);
});

test("disk: parts of an object are served as HTTP has them", async () => {
  await using place = await openDiskPlace();
  await put(place, key, "0123456789");
  const { url } = await place.urls.get(key, as, 60_000);
  const ask = async (headers: Readonly<Record<string, string>>, method = "GET") => {
    const response = await fetch(url, { headers, method });
    return `${response.status} ${response.headers.get("content-range") ?? ""} ${await response.text()}`;
  };
  assert.equal(await ask({ range: "bytes=2-4" }), "206 bytes 2-4/10 234");
  assert.equal(await ask({ range: "bytes=8-" }), "206 bytes 8-9/10 89");
  assert.equal(await ask({ range: "bytes=-3" }), "206 bytes 7-9/10 789");
  assert.equal(await ask({ range: "bytes=5-99" }), "206 bytes 5-9/10 56789");
  assert.equal(await ask({ range: "bytes=10-" }), "416 bytes */10 ");
  assert.equal(await ask({ range: "bytes=0-1,3-4" }), "200  0123456789");
  assert.equal(await ask({ range: "lines=0-1" }), "200  0123456789");
  assert.equal(await ask({}, "HEAD"), "200  ");
  const etag = (await fetch(url)).headers.get("etag") ?? "";
  assert.equal(await ask({ "if-none-match": etag }), "304  ");
  assert.equal(await ask({ range: "bytes=2-4", "if-range": etag }), "206 bytes 2-4/10 234");
  assert.equal(await ask({ range: "bytes=2-4", "if-range": '"another"' }), "200  0123456789");
});

test("disk: bytes that are gone are 404, and a page of another site may use a URL", async () => {
  await using place = await openDiskPlace();
  const { url } = await place.urls.get(key, as, 60_000);
  assert.equal(await statusOf(url), 404);
  const preflight = await fetch(url, { method: "OPTIONS", headers: { origin: "https://a.example" } });
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
});

test("disk: a new key signs, an old one is taken as long as it is in the file", async () => {
  const [first, second] = [signingKey("first"), signingKey("second")];
  let file: readonly [SigningKey, ...SigningKey[]] = [first];
  let clock = 0;
  const keys = createSigningKeys(
    () => file,
    () => clock,
  );
  await using place = await openDiskPlace({ keys });
  await put(place, key, "x");
  const before = await place.urls.get(key, as, 60_000);
  file = [second, first];
  clock += 61_000;
  const after = await place.urls.get(key, as, 60_000);
  assert.equal(new URL(after.url).searchParams.get("key"), "second");
  assert.deepEqual([await statusOf(before.url), await statusOf(after.url)], [200, 200]);
  file = [second];
  clock += 61_000;
  assert.deepEqual([await statusOf(before.url), await statusOf(after.url)], [403, 200]);
});

test("disk: a server that has not seen a new key takes what it signed, and does not read the file for every stranger", () => {
  const [first, second] = [signingKey("first"), signingKey("second")];
  let reads = 0;
  let file: readonly [SigningKey, ...SigningKey[]] = [first];
  let clock = 0;
  const keys = createSigningKeys(
    () => {
      reads += 1;
      return file;
    },
    () => clock,
  );
  file = [second, first];
  clock = 1_000;
  assert.equal(keys.find("second"), second);
  for (let index = 0; index < 100; index++) assert.equal(keys.find(`made-up-${index}`), undefined);
  assert.equal(reads, 2);
});

test("disk: what a crash left half-written is counted, and removed when it is old", async () => {
  await using place = await openDiskPlace();
  const { objects, root } = place;
  await mkdir(draftsOf(root), { recursive: true });
  for (const name of ["old", "new"]) await writeFile(join(draftsOf(root), name), "half");
  await utimes(join(draftsOf(root), "old"), 1, 1);
  assert.deepEqual(await keysOf(objects), []);
  assert.equal(await objects.removeUnfinished(2_000, true), 1);
  assert.equal(await objects.removeUnfinished(2_000, false), 1);
  assert.deepEqual(await readdir(draftsOf(root)), ["new"]);
});

test("disk: sealed objects and plain ones are read beside each other, whichever are written now", async () => {
  await using place = await openDiskPlace();
  const [plain, sealed] = [false, true].map((seals) => createDiskObjects(place.root, { ...sealing, seals }));
  assert.ok(plain && sealed);
  await put({ ...place, objects: plain }, "t/r/1/plain", "0123");
  await put({ ...place, objects: sealed }, "t/r/1/sealed", "4567");
  for (const objects of [plain, sealed]) {
    assert.equal((await bytesOf(objects.read("t/r/1/plain", 1, never))).toString(), "123");
    assert.equal((await bytesOf(objects.read("t/r/1/sealed", 1, never))).toString(), "567");
    assert.deepEqual(await objects.check("t/r/1/sealed"), factsOf(Buffer.from("4567")));
  }
});

test("disk: parts of a sealed object are served as HTTP has them, and no byte of an upload lies readable", async () => {
  await using place = await openDiskPlace({ sealing });
  const bytes = Buffer.alloc(150_000, "canary in a mine ");
  const { url, headers } = await place.urls.put(key, { mediaType: "text/csv", ...factsOf(bytes) }, 60_000);
  assert.equal(await statusOf(url, { method: "PUT", headers, body: bytes }), 200);
  assert.equal((await readFile(join(place.root, key))).includes("canary"), false);
  const get = await place.urls.get(key, as, 60_000);
  const part = await fetch(get.url, { headers: { range: "bytes=65530-131080" } });
  assert.equal(part.headers.get("content-range"), "bytes 65530-131080/150000");
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(65_530, 131_081)));
});

test("disk: what there is no room for is unavailable, leaves nothing, and is taken once there is", {
  skip: lacksPrlimit,
}, async () => {
  await using place = await openDiskPlace();
  const { objects, root, urls, notes } = place;
  const bytes = randomBytes(300_000);
  const signed = await urls.put(key, { mediaType: "text/csv", ...factsOf(bytes) }, 60_000);
  const send = () => fetch(signed.url, { method: "PUT", headers: signed.headers, body: bytes });
  const file = join(place.scratch, "made");
  await writeFile(file, bytes);
  const sealed = createDiskObjects(root, sealing);
  limitFileSize(process.pid, 100_000);
  try {
    await assert.rejects(sealed.put([{ key: "t/r/1/a", file }]), StoreUnavailable);
    const refused = await send();
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [507, "5"]);
    assert.match(await refused.text(), /full; try again/);
  } finally {
    limitFileSize(process.pid, undefined);
  }
  assert.ok(notes.some((note) => note.kind === "object-call-broke" && note.cause instanceof StoreUnavailable));
  assert.deepEqual(await readdir(draftsOf(root)), []);
  assert.equal(await objects.check(key), undefined);
  assert.deepEqual(await sealed.put([{ key: "t/r/1/a", file }]), [factsOf(bytes)]);
  assert.equal((await send()).status, 200);
  assert.deepEqual(await objects.check(key), factsOf(bytes));
});

async function openDiskPlace({
  keys = createSigningKeys(() => [signingKey("k")]),
  sealing,
}: {
  readonly keys?: SigningKeys;
  readonly sealing?: Sealing;
} = {}) {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const root = join(directory.path, "objects");
  const notes: ObjectNote[] = [];
  const observe = (note: ObjectNote) => void notes.push(note);
  const server = stack.use(
    await startObjectServer("127.0.0.1:0", { root, sealing, keys, clock: ownClock, tls: undefined, observe }),
  );
  const moved = stack.move();
  return {
    ...{ root, notes, scratch: directory.path, checks: { sha256: true }, overheadBytes: sealing ? 1_000 : 0 },
    objects: createDiskObjects(root, sealing),
    urls: createDiskUrls(server.url, keys, ownClock),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  } satisfies ObjectPlace & { readonly [name: string]: unknown };
}

async function beginPut(
  signed: Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>,
): Promise<ClientRequest> {
  const { url, headers } = await signed;
  return request(url, { method: "PUT", headers });
}

function signingKey(id: string): SigningKey {
  return { id, key: createSecretKey(randomBytes(32)) };
}
