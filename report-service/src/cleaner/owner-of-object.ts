import {
  parseReportName,
  parseUploadName,
  type ReportKey,
  reportName,
  type UploadKey,
  uploadName,
} from "../model/names.ts";
import { objectsOf } from "../model/report.ts";
import { objectOfUpload } from "../model/upload.ts";

/** Whose object it is; `below` is the prefix of those that were written, and can be removed, together. */
export type Owner =
  | { readonly kind: "report"; readonly key: ReportKey; readonly name: string; readonly below: string }
  | { readonly kind: "upload"; readonly key: UploadKey; readonly name: string; readonly below: string };

/** The owner of `{tenant}/{report}/{attempt}/…` or `{tenant}/uploads/{upload}`; undefined: no key of ours. */
export function ownerOfObject(objectKey: string): Owner | undefined {
  const [tenant = "", id = "", attempt = "", ...rest] = objectKey.split("/");
  if (id === "uploads") {
    const key = rest.length === 0 ? parseUploadName(`tenants/${tenant}/uploads/${attempt}`) : undefined;
    return key && { kind: "upload", key, name: uploadName(key), below: objectOfUpload(key) };
  }
  const key =
    rest.length === 1 && /^\d+$/.test(attempt) ? parseReportName(`tenants/${tenant}/reports/${id}`) : undefined;
  return key && { kind: "report", key, name: reportName(key), below: `${objectsOf(key)}/${attempt}` };
}
