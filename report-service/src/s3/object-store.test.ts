import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lacksS3, type S3Server, startS3 } from "../../../test/kit/s3.ts";
import { type ObjectPlace, provesObjectStore, provesSignedUrls } from "../../test/contract/object-store.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { openCredentialFile } from "./credentials.ts";
import { createS3Objects } from "./object-store.ts";
import { partBytes } from "./put-file.ts";
import { createS3Client } from "./s3-client.ts";
import { createS3Urls } from "./signed-urls.ts";

let s3: S3Server;
if (lacksS3 !== undefined) test("S3: passes the contract of object stores", { skip: lacksS3 }, () => undefined);
else {
  before(async () => {
    s3 = await startS3();
  });
  after(() => s3[Symbol.asyncDispose]());
  provesObjectStore("S3", openS3Place, 2 * partBytes + 1_000);
  provesSignedUrls("S3", openS3Place);

  test("whether an object of several parts is there is asked without reading it", async () => {
    await using place = await openS3Place();
    const file = join(place.scratch, "large");
    await writeFile(file, Buffer.alloc(2 * partBytes));
    await place.objects.put([{ key: "large", file }]);
    const asked: string[] = [];
    const { client } = place;
    const objects = createS3Objects(
      {
        ...client,
        call: (request, signal) => {
          asked.push(request.method);
          return client.call(request, signal);
        },
        open: (request, signal) => {
          asked.push(request.method);
          return client.open(request, signal);
        },
      },
      "",
    );
    assert.deepEqual([await objects.isThere("large"), asked], [true, ["HEAD"]]);
    assert.equal((await objects.check("large"))?.sizeBytes, 2 * partBytes);
  });
}

async function openS3Place() {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  // Each place is a prefix of its own, and sees nothing of the others.
  const prefix = `${randomBytes(4).toString("hex")}/`;
  const bucketUrl = new URL(`${s3.url}/reports`);
  const settings = { bucketUrl, publicUrl: undefined, region: "us-east-1", prefix };
  const client = stack.use(createS3Client(settings, await openCredentialFile(s3.credentials)));
  const moved = stack.move();
  return {
    ...{ client, scratch: directory.path, checks: { sha256: true } },
    objects: createS3Objects(client, prefix),
    urls: createS3Urls(client),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  } satisfies ObjectPlace & { readonly [name: string]: unknown };
}
