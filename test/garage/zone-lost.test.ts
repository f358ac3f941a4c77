import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Format } from "@weir/proto/report/v1/report_pb.ts";
import { openCredentialFile } from "@weir/report-service/src/s3/credentials.ts";
import { createS3Objects } from "@weir/report-service/src/s3/object-store.ts";
import { partBytes } from "@weir/report-service/src/s3/put-file.ts";
import { createS3Client } from "@weir/report-service/src/s3/s3-client.ts";
import { createS3Urls } from "@weir/report-service/src/s3/signed-urls.ts";
import { createOne } from "@weir/report-service/test/calls.ts";
import {
  type ObjectPlace,
  provesObjectStore,
  provesSignedUrls,
} from "@weir/report-service/test/contract/object-store.ts";
import { never } from "@weir/report-service/test/contract/place.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "@weir/report-service/test/server-process.ts";
import { type Garage, lacksGarage, startGarage } from "../kit/garage.ts";

let garage: Garage;
if (lacksGarage !== undefined) test("Garage: a zone is lost and nothing else", { skip: lacksGarage }, () => undefined);
else {
  before(async () => {
    garage = await startGarage(["dc-a", "dc-b", "dc-c"]);
    using client = createS3Client(settingsOf("dc-a", ""), await openCredentialFile(garage.credentials));
    await client.call({ method: "PUT", key: undefined }, never);
  });
  after(() => garage?.[Symbol.asyncDispose]());

  provesObjectStore("Garage", openGaragePlace, 2 * partBytes + 1_000);
  provesSignedUrls("Garage", openGaragePlace);

  test("Garage: when a zone is killed, what was made there is read elsewhere, and new reports are made", async () => {
    await using data = await temporaryDirectory();
    const { name, bytes, made } = await makeReport(data.path);
    await garage.kill("dc-a");
    await using other = await startAt("dc-b", data.path);
    assert.ok((await other.client.fetchReport(name, Format.CSV)).equals(bytes));
    const { value: url } = await other.client.getDownloadUrl({ name, format: Format.CSV });
    assert.equal(url.artifact?.sha256, made.artifact?.sha256);
    assert.equal(await (await fetch(url.url)).text(), bytes.toString());
    const next = await createOne(other.client, "wide", { rows: 10 });
    await other.client.waitForEnd(next);
    assert.ok((await other.client.fetchReport(next, Format.CSV)).length > 0);
  });
}

function settingsOf(zone: string, prefix: string) {
  return { bucketUrl: new URL(`${garage.url(zone)}/reports`), publicUrl: undefined, region: "us-east-1", prefix };
}

/** A report that a server of the first data center has made, which has ended since. */
async function makeReport(data: string) {
  await using server = await startAt("dc-a", data);
  const { client } = server;
  const name = await createOne(client, "wide", { rows: 1_000 });
  await client.waitForEnd(name);
  const bytes = await client.fetchReport(name, Format.CSV);
  const { value: made } = await client.getDownloadUrl({ name, format: Format.CSV });
  return { name, bytes, made };
}

function startAt(zone: string, data: string): Promise<ServerProcess> {
  const bucket = `${garage.url(zone)}/reports`;
  return startServer(data, ["--objects", "s3", "--s3-bucket", bucket, "--s3-credentials", garage.credentials]);
}

async function openGaragePlace() {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const prefix = `${randomBytes(4).toString("hex")}/`;
  const client = stack.use(createS3Client(settingsOf("dc-b", prefix), await openCredentialFile(garage.credentials)));
  const moved = stack.move();
  return {
    ...{ scratch: directory.path, checks: { sha256: true } },
    objects: createS3Objects(client, prefix),
    urls: createS3Urls(client),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  } satisfies ObjectPlace;
}
