import type { UploadKey } from "../model/names.ts";
import type { Upload } from "../model/upload.ts";
import { requestIdMs } from "../ports/report-store.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import type { Hints } from "./hints.ts";
import { bigint, type Session } from "./session.ts";

export const openUploads = "uploads";
export const completedUploads = "completed";

export function createCassandraUploads(session: Session, hints: Hints): UploadStore {
  async function read({ tenant, id }: UploadKey): Promise<Upload | undefined> {
    const [row] = await session.rows("select body from uploads where tenant = ? and id = ?", [tenant, id]);
    return typeof row?.["body"] === "string" ? (JSON.parse(row["body"]) as Upload) : undefined;
  }

  async function put(upload: Upload): Promise<void> {
    const { tenant, id, createdAtMs } = upload;
    await hints.put([{ kind: openUploads, atMs: createdAtMs, tenant, id, revision: 0, value: "" }]);
    const query = "insert into uploads (tenant, id, body) values (?, ?, ?) if not exists";
    await session.applied([{ query, values: [tenant, id, JSON.stringify(upload)] }]);
  }

  return {
    async create(upload, request, signal) {
      const { tenant, id, createdAtMs } = upload;
      for (;;) {
        signal?.throwIfAborted();
        if (!request) break;
        const [row] = await session.rows("select * from requests where tenant = ? and kind = 'upload' and id = ?", [
          tenant,
          request.id,
        ]);
        if (row && Number(row["created_ms"]) > createdAtMs - requestIdMs) {
          const first = JSON.parse(String(row["body"])) as Upload;
          // Its own server may not have come that far.
          await put(first);
          const kind = row["body_hash"] === request.bodyHash ? "repeated" : "other-body";
          return { kind, upload: (await read(first)) ?? first };
        }
        const query = `update requests set made = ?, body_hash = ?, created_ms = ?, body = ?
          where tenant = ? and kind = 'upload' and id = ? if made = ?`;
        const body = JSON.stringify(upload);
        const before = typeof row?.["made"] === "string" ? row["made"] : null;
        const values = [id, request.bodyHash, bigint(createdAtMs), body, tenant, request.id, before];
        if (await session.applied([{ query, values }])) break;
      }
      await put(upload);
      return { kind: "created", upload };
    },
    async read(key, signal) {
      signal?.throwIfAborted();
      return read(key);
    },
    async complete(key, nowMs) {
      const before = await read(key);
      if (!before || before.completedAtMs !== undefined) return before;
      const { tenant, id, createdAtMs } = before;
      const completed: Upload = { ...before, completedAtMs: nowMs };
      const hint = { tenant, id, revision: 0, value: "" };
      await hints.put([{ ...hint, kind: completedUploads, atMs: nowMs }]);
      const query =
        "update uploads set completed_ms = ?, body = ? where tenant = ? and id = ? if completed_ms = null and body != null";
      await session.applied([{ query, values: [bigint(nowMs), JSON.stringify(completed), tenant, id] }]);
      await hints.remove([{ ...hint, kind: openUploads, atMs: createdAtMs }]);
      return read(key);
    },
  };
}
