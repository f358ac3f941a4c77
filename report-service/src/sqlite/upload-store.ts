import type { SQLOutputValue } from "node:sqlite";
import type { UploadKey } from "../model/names.ts";
import type { Upload } from "../model/upload.ts";
import { requestIdMs } from "../ports/report-store.ts";
import type { UploadCreated, UploadStore } from "../ports/upload-store.ts";
import type { Database } from "./database.ts";

export function createSqliteUploads(database: Database): UploadStore {
  const select = database.prepare("select body from uploads where tenant = ? and id = ?");
  const byRequest = database.prepare(
    "select body, body_hash from uploads where tenant = ? and request = ? and created_ms > ?",
  );
  const forgetRequest = database.prepare("update uploads set request = null where tenant = ? and request = ?");
  const insert = database.prepare(
    "insert into uploads (tenant, id, created_ms, request, body_hash, body) values (?, ?, ?, ?, ?, ?)",
  );
  const update = database.prepare("update uploads set completed_ms = ?, body = ? where tenant = ? and id = ?");

  function get({ tenant, id }: UploadKey): Upload | undefined {
    const row = select.get(tenant, id);
    return row && uploadOf(row);
  }

  return {
    async create(upload, request, signal) {
      signal?.throwIfAborted();
      const { tenant, id, createdAtMs } = upload;
      return database.transact((): UploadCreated => {
        signal?.throwIfAborted();
        const known = request && byRequest.get(tenant, request.id, createdAtMs - requestIdMs);
        if (known) {
          return {
            kind: known["body_hash"] === request?.bodyHash ? "repeated" : "other-body",
            upload: uploadOf(known),
          };
        }
        if (request) forgetRequest.run(tenant, request.id);
        insert.run(tenant, id, createdAtMs, request?.id ?? null, request?.bodyHash ?? null, JSON.stringify(upload));
        return { kind: "created", upload };
      });
    },
    async read(key, signal) {
      signal?.throwIfAborted();
      return get(key);
    },
    async complete(key, nowMs) {
      return database.transact(() => {
        const before = get(key);
        if (!before || before.completedAtMs !== undefined) return before;
        const completed: Upload = { ...before, completedAtMs: nowMs };
        update.run(nowMs, JSON.stringify(completed), key.tenant, key.id);
        return completed;
      });
    },
  };
}

function uploadOf(row: Record<string, SQLOutputValue>): Upload {
  return JSON.parse(String(row["body"])) as Upload;
}
