import type { UploadKey } from "../model/names.ts";
import type { Upload } from "../model/upload.ts";
import { requestIdMs } from "../ports/report-store.ts";
import type { UploadCreated, UploadStore } from "../ports/upload-store.ts";
import type { Database, Row } from "./database.ts";
import { isDuplicate } from "./failure.ts";

const readOne = { name: "read-upload", text: "select body from uploads where tenant = $1 and id = $2" };
const byRequest = {
  name: "upload-by-request",
  text: "select body, body_hash, created_ms from uploads where tenant = $1 and request = $2",
};
const forgetRequest = {
  name: "forget-upload-request",
  text: "update uploads set request = null where tenant = $1 and request = $2 and created_ms <= $3",
};
const insert = {
  name: "insert-upload",
  text: "insert into uploads (tenant, id, created_ms, request, body_hash, body) values ($1, $2, $3, $4, $5, $6)",
};
const complete = {
  name: "complete-upload",
  text: "update uploads set completed_ms = $3, body = $4 where tenant = $1 and id = $2 and completed_ms is null",
};

export function createPostgresUploads(database: Database): UploadStore {
  async function read({ tenant, id }: UploadKey, signal?: AbortSignal): Promise<Upload | undefined> {
    const [row] = await database.query(readOne, [tenant, id], signal);
    return row && uploadOf(row);
  }

  return {
    async create(upload, request, signal): Promise<UploadCreated> {
      const { tenant, id, createdAtMs } = upload;
      const forgottenMs = createdAtMs - requestIdMs;
      const values = [tenant, id, createdAtMs, request?.id ?? null, request?.bodyHash ?? null, JSON.stringify(upload)];
      for (;;) {
        const [known] = request ? await database.query(byRequest, [tenant, request.id], signal) : [];
        if (known && Number(known["created_ms"]) > forgottenMs) {
          const same = known["body_hash"] === request?.bodyHash;
          return { kind: same ? "repeated" : "other-body", upload: uploadOf(known) };
        }
        if (known && request) await database.query(forgetRequest, [tenant, request.id, forgottenMs], signal);
        try {
          await database.query(insert, values, signal);
          return { kind: "created", upload };
        } catch (error) {
          // Another one with this request id was faster: it is the one that counts.
          if (!request || !isDuplicate(error) || (await read(upload))) throw error;
        }
      }
    },
    read,
    async complete(key, nowMs) {
      for (;;) {
        const before = await read(key);
        if (!before || before.completedAtMs !== undefined) return before;
        const completed: Upload = { ...before, completedAtMs: nowMs };
        // Where it was completed or cleared meanwhile, the next look tells.
        await database.query(complete, [key.tenant, key.id, nowMs, JSON.stringify(completed)]);
      }
    },
  };
}

function uploadOf(row: Row): Upload {
  return JSON.parse(String(row["body"])) as Upload;
}
