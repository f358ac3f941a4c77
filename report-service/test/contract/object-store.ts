import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ObjectStore } from "../../src/ports/object-store.ts";
import type { SignedUrls } from "../../src/ports/signed-urls.ts";
import { never } from "./place.ts";

/** An empty object store of the provider under test. */
export type ObjectPlace = {
  readonly objects: ObjectStore;
  /** How clients reach it. */
  readonly urls: SignedUrls;
  /** A directory from which files can be put. */
  readonly scratch: string;
  /** What of a PUT it checks itself, before anyone may read it. */
  readonly checks: { readonly sha256: boolean };
  /** What an object may take beside its bytes. */
  readonly overheadBytes?: number;
} & AsyncDisposable;

export type OpenObjectPlace = () => Promise<ObjectPlace>;

/** What every provider of `ObjectStore` must do; `largeBytes` is more than it sends at once. */
export function provesObjectStore(name: string, open: OpenObjectPlace, largeBytes: number): void {
  test(`${name}: a file that was put is read back from any offset, with its size and hash`, async () => {
    await using place = await open();
    const { objects } = place;
    const bytes = Buffer.alloc(200_000, "0123456789");
    assert.deepEqual(await put(place, "t/r/1/report.csv", bytes), factsOf(bytes));
    assert.deepEqual(await objects.check("t/r/1/report.csv"), factsOf(bytes));
    for (const offset of [0, 1, 70_001, 199_999]) {
      assert.deepEqual(await bytesOf(objects.read("t/r/1/report.csv", offset, never)), bytes.subarray(offset));
    }
  });

  test(`${name}: an empty file and a large one are kept as they are`, async () => {
    await using place = await open();
    const large = Buffer.alloc(largeBytes, "weir");
    for (const [key, bytes] of [["t/r/1/empty", Buffer.alloc(0)] as const, ["t/r/1/large", large] as const]) {
      assert.deepEqual(await put(place, key, bytes), factsOf(bytes));
      assert.deepEqual(await place.objects.check(key), factsOf(bytes));
      assert.equal(await place.objects.isThere(key), true);
      assert.ok((await bytesOf(place.objects.read(key, 0, never))).equals(bytes));
    }
  });

  test(`${name}: what is not there is undefined, and reading it throws`, async () => {
    await using place = await open();
    const { objects } = place;
    assert.equal(await objects.check("t/r/1/nothing"), undefined);
    assert.equal(await objects.isThere("t/r/1/nothing"), false);
    await assert.rejects(bytesOf(objects.read("t/r/1/nothing", 0, never)));
  });

  test(`${name}: removing takes an object, or all below a prefix, and nothing else, also twice`, async () => {
    await using place = await open();
    const { objects } = place;
    for (const key of ["t/r/1/a", "t/r/2/a", "t/rr/1/a", "t/uploads/r", "t/uploads/rr"]) await put(place, key, key);
    await objects.remove("t/r");
    await objects.remove("t/r");
    await objects.remove("t/uploads/r");
    assert.deepEqual(await keysOf(objects), ["t/rr/1/a", "t/uploads/rr"]);
  });

  test(`${name}: all objects are listed, each once, with their size and time`, async () => {
    await using place = await open();
    assert.deepEqual(await keysOf(place.objects), []);
    const beganMs = Date.now();
    for (let index = 0; index < 12; index++) await put(place, `t/r${index}/1/report.csv`, "x".repeat(index));
    const listed = [];
    for await (const each of place.objects.list(never)) listed.push(each);
    assert.equal(listed.length, 12);
    const { overheadBytes = 0 } = place;
    for (const { key, sizeBytes, writtenAtMs } of listed) {
      const length = Number(/^t\/r(\d+)\/1\/report.csv$/.exec(key)?.[1]);
      assert.ok(sizeBytes >= length && sizeBytes <= length + overheadBytes, `${key} takes ${sizeBytes}`);
      // S3 knows whole seconds, and the clock of files may lag by a tick.
      assert.ok(writtenAtMs >= beganMs - 2_000 && writtenAtMs <= Date.now() + 2_000, `${writtenAtMs} ${beganMs}`);
    }
    assert.equal(await place.objects.removeUnfinished(Date.now(), false), 0);
  });

  test(`${name}: what is asked under an aborted signal is not done`, async () => {
    await using place = await open();
    await put(place, "t/r/1/a", "x".repeat(100_000));
    await assert.rejects(bytesOf(place.objects.read("t/r/1/a", 0, AbortSignal.abort())));
  });
}

/** What every provider of `SignedUrls` must do. */
export function provesSignedUrls(name: string, open: OpenObjectPlace): void {
  const bytes = Buffer.from("region,target\neu,7\n");
  const announced = { mediaType: "text/csv", ...factsOf(bytes) };
  const key = "t/uploads/u";

  test(`${name}: what was announced is put by its URL, and read by another one as a file`, async () => {
    await using place = await open();
    const { objects, urls } = place;
    const { url, headers, expiresAtMs } = await urls.put(key, announced, 60_000);
    assert.ok(expiresAtMs > Date.now() + 50_000 && expiresAtMs < Date.now() + 70_000);
    assert.equal(await statusOf(url, { method: "PUT", headers, body: bytes }), 200);
    assert.deepEqual(await objects.check(key), factsOf(bytes));
    const get = await urls.get(key, { fileName: "r-1.csv", mediaType: "text/csv; charset=utf-8" }, 60_000);
    assert.deepEqual(get.headers, {});
    const got = await fetch(get.url);
    assert.equal(got.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.match(got.headers.get("content-disposition") ?? "", /^attachment; filename="?r-1\.csv"?$/);
    assert.equal(await got.text(), bytes.toString());
    const part = await fetch(get.url, { headers: { range: "bytes=7-12" } });
    assert.deepEqual([part.status, await part.text()], [206, "target"]);
    assert.equal(part.headers.get("content-range"), `bytes 7-12/${bytes.length}`);
  });

  test(`${name}: nothing but what was announced is taken`, async () => {
    await using place = await open();
    const { objects, urls } = place;
    const { url, headers } = await urls.put(key, announced, 60_000);
    const put = (body: Buffer, more: Readonly<Record<string, string>> = {}) =>
      statusOf(url, { method: "PUT", headers: { ...headers, ...more }, body });
    assert.equal(Math.floor((await put(bytes.subarray(1))) / 100), 4);
    assert.equal(Math.floor((await put(Buffer.concat([bytes, bytes]))) / 100), 4);
    assert.equal(Math.floor((await put(bytes, { "content-type": "text/html" })) / 100), 4);
    if (place.checks.sha256) assert.equal(Math.floor((await put(Buffer.from(bytes).fill(0))) / 100), 4);
    assert.equal(await objects.check(key), undefined);
    assert.deepEqual(await keysOf(objects), []);
    assert.equal(await put(bytes), 200);
  });

  test(`${name}: a URL is good for its object, method and constraints only`, async () => {
    await using place = await open();
    const { objects, urls } = place;
    const { url, headers } = await urls.put(key, announced, 60_000);
    const put = (changed: string) => statusOf(changed, { method: "PUT", headers, body: bytes });
    assert.ok(isRefusal(await put(url.replace("/uploads/u", "/uploads/v"))));
    for (const [name, value] of new URL(url).searchParams) {
      const changed = new URL(url);
      changed.searchParams.set(name, value.startsWith("2") ? value.replace("2", "3") : `1${value}`);
      assert.ok(isRefusal(await put(changed.href)), `${name} was changed, and taken`);
    }
    assert.ok(isRefusal(await statusOf(url)));
    assert.ok(isRefusal(await statusOf(url, { method: "DELETE" })));
    assert.ok(isRefusal(await put(url.slice(0, url.indexOf("?")))));
    assert.deepEqual(await keysOf(objects), []);

    await statusOf(url, { method: "PUT", headers, body: bytes });
    const get = await urls.get(key, { fileName: "a", mediaType: "text/csv" }, 60_000);
    assert.equal(await statusOf(get.url), 200);
    assert.ok(isRefusal(await statusOf(get.url, { method: "PUT", headers, body: bytes })));
    assert.ok(isRefusal(await statusOf(get.url.replace("csv", "html"))));
  });

  test(`${name}: a URL ends when it said so`, async () => {
    await using place = await open();
    await put(place, key, bytes);
    const { url, expiresAtMs } = await place.urls.get(key, { fileName: "a", mediaType: "text/csv" }, 1_000);
    assert.equal(await statusOf(url), 200);
    while ((await statusOf(url)) === 200) {
      assert.ok(Date.now() < expiresAtMs + 2_000, "it is still taken");
      await delay(100);
    }
    assert.ok(isRefusal(await statusOf(url)));
    assert.ok(Date.now() >= expiresAtMs - 1_000);
  });
}

/** Puts bytes by way of a file, as a worker does. */
export async function put({ objects, scratch }: ObjectPlace, key: string, bytes: Buffer | string) {
  const file = join(scratch, "draft");
  await writeFile(file, bytes);
  const [stored] = await objects.put([{ key, file }]);
  return stored;
}

export async function keysOf(objects: ObjectStore): Promise<readonly string[]> {
  const keys = [];
  for await (const { key } of objects.list(never)) keys.push(key);
  return keys.sort();
}

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

export function factsOf(bytes: Buffer): { readonly sizeBytes: number; readonly sha256: string } {
  return { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The status of a request, its body read to the end. */
export async function statusOf(url: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.status;
}

/** S3 servers differ in which of these they say, and so may this service's own. */
function isRefusal(status: number): boolean {
  return status === 400 || status === 403;
}
