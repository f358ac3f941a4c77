import type { UploadKey } from "../model/names.ts";
import type { Upload } from "../model/upload.ts";
import type { RequestKey } from "./report-store.ts";

export type UploadCreated = { readonly kind: "created" | "repeated" | "other-body"; readonly upload: Upload };

/** What is known of uploads; their bytes are in the object store. */
export type UploadStore = {
  /** As creating a report: one request id makes one upload. Ids of uploads and of reports do not meet. */
  create(upload: Upload, request: RequestKey | undefined, signal?: AbortSignal): Promise<UploadCreated>;
  read(key: UploadKey, signal?: AbortSignal): Promise<Upload | undefined>;
  /** The upload as completed, by now or before; undefined where there is no such upload. */
  complete(key: UploadKey, nowMs: number): Promise<Upload | undefined>;
};
