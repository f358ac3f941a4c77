import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lacksS3, type S3Server, startS3 } from "../../../test/kit/s3.ts";
import { type Fate, startS3Proxy } from "../../../test/kit/s3-proxy.ts";
import { bytesOf, factsOf, keysOf } from "../../test/contract/object-store.ts";
import { never } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { openCredentialFile } from "./credentials.ts";
import { createS3Objects } from "./object-store.ts";
import { partBytes } from "./put-file.ts";
import { createS3Client } from "./s3-client.ts";
import { S3Error } from "./s3-error.ts";

const skip = lacksS3 ?? false;
const key = "t/r/1/report.csv";
let s3: S3Server;
before(async () => {
  if (!skip) s3 = await startS3();
});
after(() => s3?.[Symbol.asyncDispose]());

test("S3: a call that fails for now is made again, and one that is refused is not", { skip }, async () => {
  await using place = await openFaultyPlace("passing/");
  const { proxy, objects, file } = place;
  let failures = 2;
  proxy.decide((method) => (method === "PUT" && failures-- > 0 ? { status: 503 } : "pass"));
  await objects.put([{ key, file: await file("hello") }]);
  assert.equal(proxy.count("PUT"), 3);
  assert.deepEqual(await objects.check(key), factsOf(Buffer.from("hello")));

  proxy.decide(() => ({ status: 400 }));
  const before = proxy.count("PUT");
  const draft = await file("hello");
  await assert.rejects(
    objects.put([{ key: "t/r/1/other", file: draft }]),
    new S3Error("PUT t/r/1/other", 400, "Tampered", "not now"),
  );
  assert.equal(proxy.count("PUT"), before + 1);
  assert.ok(existsSync(draft), "what was not stored is still there");
});

test("S3: a read whose connection breaks goes on where it broke", { skip }, async () => {
  await using place = await openFaultyPlace("reading/");
  const { proxy, objects, file } = place;
  const bytes = Buffer.alloc(1_000_000, "0123456789");
  await objects.put([{ key, file: await file(bytes) }]);
  let reads = 0;
  proxy.decide((method) => (method === "GET" && ++reads <= 3 ? { cutAfter: 250_000 } : "pass"));
  assert.ok((await bytesOf(objects.read(key, 10, never))).equals(bytes.subarray(10)));
  assert.ok(reads >= 3);
});

test("S3: parts of what fails are given up, and nothing of it is seen", { skip }, async () => {
  await using place = await openFaultyPlace("parts/");
  const { proxy, objects, file } = place;
  proxy.decide((method, path): Fate => (method === "PUT" && path.includes("partNumber=2") ? { status: 400 } : "pass"));
  await assert.rejects(objects.put([{ key, file: await file(Buffer.alloc(3 * partBytes)) }]), S3Error);
  assert.deepEqual(await keysOf(objects), []);
  assert.equal(await objects.removeUnfinished(Date.now() + 60_000, true), 0);
});

test("S3: parts that nobody gave up are counted, and removed when they are old", { skip }, async () => {
  await using place = await openFaultyPlace("left/");
  const { client, objects } = place;
  await client.call({ method: "POST", key, query: { uploads: "" } }, never);
  assert.deepEqual(await keysOf(objects), []);
  assert.equal(await objects.removeUnfinished(Date.now() - 60_000, false), 0);
  assert.equal(await objects.removeUnfinished(Date.now() + 60_000, true), 1);
  assert.equal(await objects.removeUnfinished(Date.now() + 60_000, false), 1);
  assert.equal(await objects.removeUnfinished(Date.now() + 60_000, true), 0);
});

test("S3: keys that are refused are read again, so that they can be changed while a server runs", {
  skip,
}, async () => {
  await using place = await openFaultyPlace("keys/");
  const { objects, credentials, file, wrongKeys, rightKeys } = place;
  await objects.put([{ key, file: await file("hello") }]);
  await writeFile(credentials, wrongKeys);
  const other = await openFaultyPlace("keys/", credentials);
  await using _ = other;
  await assert.rejects(other.objects.check(key), StoreUnavailable);
  await writeFile(credentials, rightKeys);
  assert.deepEqual(await other.objects.check(key), factsOf(Buffer.from("hello")));
});

async function openFaultyPlace(prefix: string, keys?: string) {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const proxy = stack.use(await startS3Proxy(s3.url));
  const settings = { bucketUrl: new URL(`${proxy.url}/reports`), publicUrl: undefined, region: "us-east-1", prefix };
  const credentials = join(directory.path, "credentials");
  const rightKeys = s3.keys;
  await writeFile(credentials, rightKeys);
  const client = stack.use(createS3Client(settings, await openCredentialFile(keys ?? credentials)));
  const moved = stack.move();
  return {
    ...{ proxy, client, credentials, rightKeys, wrongKeys: rightKeys.replace("-secret", "-wrong") },
    objects: createS3Objects(client, prefix),
    async file(bytes: Buffer | string) {
      const path = join(directory.path, "draft");
      await writeFile(path, bytes);
      return path;
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
