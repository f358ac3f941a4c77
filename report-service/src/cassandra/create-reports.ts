import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { admit, type QueueLimits } from "../model/admission.ts";
import type { Report } from "../model/report.ts";
import { type Created, type Creation, requestIdMs } from "../ports/report-store.ts";
import type { Intents, Promised, PromiseKey } from "./intents.ts";
import type { QueueCounts } from "./queue-counts.ts";
import type { ReportRows } from "./report-rows.ts";

export type CreateParts = { readonly rows: ReportRows; readonly intents: Intents; readonly counts: QueueCounts };

/** Creates a report, or finds the one that answers for it; what is refused leaves nothing. */
export async function createReport(
  { rows, intents, counts }: CreateParts,
  creation: Creation,
  limits: QueueLimits,
): Promise<Created> {
  const { report, request, reuseSinceMs } = creation;
  const { tenant, contentKey, createdAtMs } = report;
  const byRequest: PromiseKey | undefined = request && { kind: "request", tenant, request };
  const byContent: PromiseKey | undefined =
    contentKey !== undefined && reuseSinceMs !== undefined ? { kind: "content", tenant, contentKey } : undefined;

  for (let tries = 0; ; tries += 1) {
    // Another create of the same was faster, and is about to be done.
    if (tries > 0) await delay(Math.random() * Math.min(50, 2 ** tries));
    const asked = byRequest && (await intents.find(byRequest));
    if (asked && asked.createdAtMs > createdAtMs - requestIdMs) {
      const first = await intents.keep(asked, tenant, rows);
      if (first) return { kind: asked.bodyHash === request?.bodyHash ? "repeated" : "other-body", report: first };
    }
    const same = byContent && (await intents.find(byContent));
    const answer = same && (await answering(same));
    if (answer) {
      if (byRequest && !(await intents.promise(byRequest, asked, answer, createdAtMs))) continue;
      return { kind: "reused", report: answer };
    }
    const taken = await rows.read(report);
    if (taken) return { kind: "id-taken", report: taken.report };
    const admission = admit(await counts.of(report, limits), limits, report.priority, createdAtMs);
    if (admission.kind === "full") return admission;

    const intent = { report, token: randomUUID() };
    if (byContent && !(await intents.promise(byContent, same, intent, createdAtMs))) continue;
    if (byRequest && !(await intents.promise(byRequest, asked, intent, createdAtMs))) {
      if (byContent) await intents.takeBack(byContent, intent);
      continue;
    }
    if ((await rows.make(intent)) !== "made") continue;
    counts.add(report);
    return { kind: "created", report };
  }

  /** The report that answers for this content, made now where its own create has not come that far. */
  async function answering(same: Promised): Promise<Report | undefined> {
    if (same.createdAtMs < (reuseSinceMs ?? 0)) return undefined;
    const found = await intents.keep(same, tenant, rows);
    const state = found?.status.kind;
    return state === "queued" || state === "running" || state === "succeeded" ? found : undefined;
  }
}
