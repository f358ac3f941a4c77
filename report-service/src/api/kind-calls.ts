import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  ListReportKindsResponseSchema,
  type ReportKind as ReportKindMessage,
  ReportKindSchema,
  type Reports,
} from "@weir/proto/report/v1/report_pb.ts";
import type { KindBook, ReportKind } from "../model/kind.ts";
import { kindName, parseKindName } from "../model/names.ts";
import { invalid, notFound } from "./call-error.ts";
import type { Answering } from "./handlers.ts";
import { pageSizeOf } from "./paging.ts";
import { formatMessage } from "./report-message.ts";

/** The calls about kinds, which never change while a server runs: their messages are made once. */
export function createKindCalls(
  kinds: KindBook,
  unary: Answering["unary"],
): Pick<Handlers<typeof Reports>, "listReportKinds" | "getReportKind"> {
  const byName = new Map([...kinds.values()].map((kind) => [kind.name, kindMessage(kind)]));
  const all = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    listReportKinds: unary(async ({ pageSize, pageToken }) => {
      const limit = pageSizeOf(pageSize);
      if (!limit.ok) throw invalid(limit.problems);
      // The token is the last name of the page before: kinds may come and go between two pages.
      const rest = pageToken === "" ? all : all.filter(({ name }) => name > pageToken);
      const page = rest.slice(0, limit.value);
      const nextPageToken = rest.length > page.length ? (page.at(-1)?.name ?? "") : "";
      return create(ListReportKindsResponseSchema, { kinds: page, nextPageToken });
    }),
    getReportKind: unary(async ({ name }) => {
      const key = parseKindName(name);
      const kind = key && byName.get(key);
      if (!kind) throw notFound(name);
      return kind;
    }),
  };
}

function kindMessage(kind: ReportKind): ReportKindMessage {
  return create(ReportKindSchema, {
    name: kindName(kind.name),
    title: kind.title,
    description: kind.description,
    parametersSchema: structuredClone(kind.parametersSchema) as NonNullable<ReportKindMessage["parametersSchema"]>,
    formats: kind.formats.map(formatMessage),
    workerCluster: kind.cluster,
    sensitiveParameters: [...kind.sensitive],
    ...(kind.reuseMaxAgeMs !== undefined && { reuseMaxAge: durationFromMs(kind.reuseMaxAgeMs) }),
    ...(kind.retentionMs !== undefined && { retention: durationFromMs(kind.retentionMs) }),
  });
}
