import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createSigner } from "./signer.ts";

const settings = {
  bucketUrl: new URL("https://examplebucket.s3.amazonaws.com"),
  publicUrl: undefined,
  region: "us-east-1",
  prefix: "",
};
const credentials = async () => ({
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
});
const now = () => new Date("2013-05-24T00:00:00Z");
const hashOf = (body: string) => createHash("sha256").update(body).digest("hex");

// The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
test("requests are signed as AWS's own examples are", async () => {
  const signer = createSigner(settings, credentials, now);
  const get = await signer.sign({ method: "GET", key: "test.txt", headers: { range: "bytes=0-9" } }, hashOf(""));
  assert.match(
    get.headers["authorization"] ?? "",
    /Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/,
  );
  const list = { method: "GET", key: undefined, query: { "max-keys": "2", prefix: "J" } };
  const listed = await signer.sign(list, hashOf(""));
  assert.match(
    listed.headers["authorization"] ?? "",
    /Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
  );
  assert.equal(listed.url.href, "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J");
});

test("a bucket in the path, a prefix and odd letters are in the URL as S3 reads them", async () => {
  const bucketUrl = new URL("http://127.0.0.1:9000/reports/");
  const signer = createSigner({ ...settings, bucketUrl, prefix: "weir/" }, credentials, now);
  const { url } = await signer.sign({ method: "GET", key: "t/a b+c'(d)" }, hashOf(""));
  assert.equal(url.href, "http://127.0.0.1:9000/reports/weir/t/a%20b%2Bc%27%28d%29");
});

test("clients are sent to the public bucket, and what they must send is signed", async () => {
  const publicUrl = new URL("https://files.example.com");
  const signer = createSigner({ ...settings, publicUrl }, credentials, now);
  const headers = { "content-type": "text/csv", "content-length": "3", "x-amz-checksum-sha256": "abc" };
  const url = await signer.presign({ method: "PUT", key: "t/uploads/u", headers }, 60_000);
  assert.equal(url.origin + url.pathname, "https://files.example.com/t/uploads/u");
  assert.equal(url.searchParams.get("X-Amz-Expires"), "60");
  assert.equal(url.searchParams.get("X-Amz-SignedHeaders"), "content-length;content-type;host;x-amz-checksum-sha256");
});
