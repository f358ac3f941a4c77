/** What calls have to tell. `method` is `report.v1.Reports/CreateReport`, `code` a gRPC code's name. */
export type CallNote =
  | { readonly kind: "call-ended"; readonly method: string; readonly code: string; readonly tookMs: number }
  | { readonly kind: "call-broke"; readonly cause: Error };
