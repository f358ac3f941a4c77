import type { UploadKey } from "./names.ts";

/** Input data of a report, which a client sends to the object store itself. */
export type Upload = UploadKey & {
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Lower-case hexadecimal, as the client promised. */
  readonly sha256: string;
  readonly createdAtMs: number;
  /** When the bytes were found to be what was promised; absent until then. */
  readonly completedAtMs?: number;
};

/** Where its bytes are in the object store. */
export function objectOfUpload({ tenant, id }: UploadKey): string {
  return `${tenant}/uploads/${id}`;
}
