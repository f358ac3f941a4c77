import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  type CreateUploadRequest,
  type Reports,
  type Upload as UploadMessage,
  UploadSchema,
} from "@weir/proto/report/v1/report_pb.ts";
import { randomBytes } from "../lib/random-bytes.ts";
import { contentHash } from "../model/content-key.ts";
import { parseTenantName, parseUploadName, type TenantId, uploadName } from "../model/names.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import { datacenterOf, makeUploadId } from "../model/report-id.ts";
import { objectOfUpload, type Upload } from "../model/upload.ts";
import type { Clock } from "../ports/clock.ts";
import { ObjectDamaged, type ObjectStore } from "../ports/object-store.ts";
import type { SignedUrls } from "../ports/signed-urls.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import { CallError, errorInfo, invalid, notFound, notNow, shown } from "./call-error.ts";
import type { Answering } from "./handlers.ts";
import { isRequestId, requestIdSays } from "./parse-create.ts";
import { uploadNotHereYet } from "./stream-artifact.ts";

export type UploadParts = {
  readonly uploads: UploadStore;
  readonly clock: Clock;
  readonly objects: ObjectStore;
  /** Undefined where clients cannot reach the object store. */
  readonly urls: SignedUrls | undefined;
  readonly datacenter: string;
  readonly lostDatacenters: ReadonlySet<string>;
};

const urlMs = 3_600_000;
// What S3 takes with one PUT.
const maxBytes = 5 * 1024 ** 3;

/** The calls about uploads, whose bytes never come this way. */
export function createUploadCalls(
  { uploads, clock, objects, urls, datacenter, lostDatacenters }: UploadParts,
  unary: Answering["unary"],
): Pick<Handlers<typeof Reports>, "createUpload" | "completeUpload"> {
  async function uploadMessage(upload: Upload): Promise<UploadMessage> {
    const { mediaType, sizeBytes, sha256, completedAtMs } = upload;
    const facts = { name: uploadName(upload), mediaType, sizeBytes: BigInt(sizeBytes), sha256 };
    if (completedAtMs !== undefined) return create(UploadSchema, { ...facts, complete: true });
    if (!urls) throw noSignedUrls();
    const { url, headers, expiresAtMs } = await urls.put(objectOfUpload(upload), upload, urlMs);
    return create(UploadSchema, {
      ...facts,
      putUrl: url,
      headers: { ...headers },
      expireTime: timestampFromMs(expiresAtMs),
    });
  }

  return {
    createUpload: unary(async (request, { signal }) => {
      const tenant = parseUpload(request);
      if (!tenant.ok) throw invalid(tenant.problems);
      if (!urls) throw noSignedUrls();
      const { mediaType, sizeBytes, sha256, requestId } = request;
      const createdAtMs = clock.now();
      const id = makeUploadId(datacenter, createdAtMs, randomBytes(10));
      const upload = { tenant: tenant.value, id, mediaType, sizeBytes: Number(sizeBytes), sha256, createdAtMs };
      const bodyHash = contentHash([mediaType, upload.sizeBytes, sha256]);
      const known = requestId === "" ? undefined : { id: requestId, bodyHash };
      const created = await uploads.create(upload, known, signal);
      if (created.kind !== "other-body") return uploadMessage(created.upload);
      const before = uploadName(created.upload);
      throw new CallError(status.ALREADY_EXISTS, `request_id was used before for ${before}; use a new id`, [
        errorInfo("REQUEST_ID_REUSED", { upload: before }),
      ]);
    }),
    completeUpload: unary(async ({ name }, { signal }) => {
      const key = parseUploadName(name);
      const upload = key && (await uploads.read(key, signal));
      if (!upload) throw notFound(name);
      if (upload.completedAtMs !== undefined) return uploadMessage(upload);
      const there = await objects.check(objectOfUpload(upload)).catch((cause: Error) => {
        if (cause instanceof ObjectDamaged) throw notNow("UPLOAD_DIFFERS", cause.message, "announced");
        throw cause;
      });
      const home = datacenterOf(upload.id);
      if (!there && lostDatacenters.has(home)) {
        const message = `${name} belongs to data center ${home}, which is lost, and its bytes were not copied here`;
        throw notNow("UPLOAD_MISSING", `${message}; make another upload`, "announced");
      }
      if (!there && home !== datacenter) throw uploadNotHereYet(name, home);
      if (!there) throw notNow("UPLOAD_MISSING", `nothing has been sent to ${name} yet`, "announced");
      if (there.sizeBytes !== upload.sizeBytes || there.sha256 !== upload.sha256) {
        const sent = `${there.sizeBytes} bytes with SHA-256 ${there.sha256}`;
        const message = `${name} was announced with ${upload.sizeBytes} bytes and SHA-256 ${upload.sha256}, but ${sent} came`;
        throw notNow("UPLOAD_DIFFERS", message, "announced");
      }
      return uploadMessage((await uploads.complete(upload, clock.now())) ?? upload);
    }),
  };
}

export function noSignedUrls(): CallError {
  return new CallError(status.UNIMPLEMENTED, "this server has no object store that clients can reach", [
    errorInfo("NO_SIGNED_URLS"),
  ]);
}

function parseUpload({ parent, mediaType, sizeBytes, sha256, requestId }: CreateUploadRequest): Parsed<TenantId> {
  const problems: Problem[] = [];
  const say = (at: string, says: string): void => void problems.push({ at, says });
  const tenant = parseTenantName(parent);
  if (!tenant) say("parent", `must be tenants/{tenant}, not "${shown(parent)}"`);
  // RFC 6838, section 4.2; parameters are not wanted.
  if (!/^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/.test(mediaType)) {
    say("media_type", `must be a media type such as text/csv, not "${shown(mediaType)}"`);
  }
  if (!(sizeBytes >= 0n && sizeBytes <= BigInt(maxBytes))) say("size_bytes", `must be 0 to ${maxBytes}`);
  if (!/^[0-9a-f]{64}$/.test(sha256)) say("sha256", "must have 64 hexadecimal digits in lower case");
  if (!isRequestId(requestId)) say("request_id", requestIdSays);
  return tenant && problems.length === 0 ? { ok: true, value: tenant } : { ok: false, problems };
}
