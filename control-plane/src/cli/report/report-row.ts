import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { ageText } from "../../lib/age.ts";
import type { Cell } from "../table.ts";

export const reportColumns = ["REPORT", "KIND", "STATE", "PROGRESS", "CREATED", "TOOK", "DC", "ATTEMPTS", "FILES"];

/** One line about a report. */
export function reportRow(report: Report, now: Date): readonly Cell[] {
  const { name, kind, createTime, startTime, endTime, homeDatacenter, attempts, artifacts } = report;
  return [
    name.split("/").at(-1) ?? name,
    kind.replace(/^reportKinds\//, ""),
    stateCell(report),
    progressText(report),
    createTime ? `${ageText(now.getTime() - msOf(createTime))} ago` : "-",
    startTime ? ageText((endTime ? msOf(endTime) : now.getTime()) - msOf(startTime)) : "-",
    homeDatacenter || "-",
    String(attempts.length),
    artifacts.length === 0
      ? "-"
      : artifacts.map(({ mediaType, sizeBytes }) => `${shortType(mediaType)} ${bytesText(sizeBytes)}`).join(", "),
  ];
}

/** `SUCCEEDED`; in green, yellow or red. */
export function stateCell({ state }: Report): Cell {
  const text = Object.entries(State).find(([, value]) => value === state)?.[0] ?? String(state);
  if (state === State.SUCCEEDED) return { text, style: "green" };
  if (state === State.FAILED) return { text, style: "red" };
  return state === State.CANCELLED || state === State.EXPIRED ? { text, style: "yellow" } : text;
}

export function progressText({ state, progress, error }: Report): string {
  if (error && state === State.FAILED) return error.message.slice(0, 60);
  if (progress === undefined) return "-";
  const { percent, stage, rows, queuePosition } = progress;
  if (queuePosition > 0) return `place ${queuePosition}`;
  return [`${percent} %`, stage, rows > 0n ? `${rows} rows` : ""].filter((part) => part !== "").join(" ");
}

export function bytesText(bytes: bigint): string {
  const size = Number(bytes);
  if (size < 1024) return `${size} B`;
  return size < 1024 ** 2 ? `${(size / 1024).toFixed(1)} KiB` : `${(size / 1024 ** 2).toFixed(1)} MiB`;
}

export function msOf(time: Timestamp): number {
  return timestampDate(time).getTime();
}

function shortType(mediaType: string): string {
  const known: Readonly<Record<string, string>> = {
    "text/csv": "csv",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/pdf": "pdf",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  };
  return known[mediaType.split(";")[0] ?? ""] ?? mediaType;
}
