import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CreateReportRequestSchema, CreateReportRequest_Reuse as Reuse } from "@weir/proto/report/v1/report_pb.ts";
import type { Order } from "./order.ts";
import type { Placing } from "./placing.ts";

/** The order as it is sent, with what it is to read, where it reads anything. */
export function messageOf(
  { request, tenant, kind, parameters }: Order,
  { inputs, programs }: Pick<Placing, "inputs" | "programs">,
): MessageInitShape<typeof CreateReportRequestSchema> {
  const upload = inputs.get(request);
  const isQuick = kind === "wrong" || (!programs && (kind === "javascript" || kind === "python"));
  return {
    parent: `tenants/${tenant}`,
    requestId: request,
    reuse: kind === "shared" ? Reuse.ALLOW : Reuse.NEVER,
    report: {
      kind: `reportKinds/${isQuick ? "quick" : kind}`,
      parameters: { ...parameters },
      labels: { request },
      uploads: upload === undefined ? [] : [upload],
    },
  };
}
