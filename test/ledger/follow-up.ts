import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { reportNameOf } from "@weir/report-service/src/client.ts";
import { ask } from "./ask.ts";
import { codeOf } from "./code-of.ts";
import { messageOf } from "./message-of.ts";
import type { Order } from "./order.ts";
import { anyClient, callMs, type Placing, pauseMs } from "./placing.ts";
import { stateName } from "./state-name.ts";

/** What the client does with a report beyond having it made. */
export async function followUp(order: Order, report: string, placing: Placing): Promise<void> {
  const { ledger } = placing;
  const { request } = order;
  switch (order.next) {
    case "nothing":
      return;
    case "repeat":
      return void (await ask(order, placing));
    case "watch": {
      const state = await endOf(report, placing);
      if (state !== undefined) await ledger.append({ kind: "seen", request, state: stateName(state) });
      return;
    }
    case "retry":
      if ((await endOf(report, placing)) === State.FAILED) await retry(request, report, placing);
      return;
    case "cancel":
    case "cancel-and-retry": {
      // One that also answers other requests is not this client's to cancel.
      if (order.kind === "shared") return;
      const became = await cancel(request, report, placing);
      if (order.next === "cancel-and-retry" && became === "CANCELLED") await retry(request, report, placing);
      return;
    }
    case "other-body": {
      const parameters = { ...order.parameters, text: `${request} other` };
      const other = messageOf({ ...order, parameters }, placing);
      const became = await anyClient(placing)
        .createReport(other, { timeoutMs: callMs })
        .then(
          ({ value }) => reportNameOf(value),
          (error: unknown) => status[codeOf(error)],
        );
      return ledger.append({ kind: "other-body", request, became });
    }
  }
}

async function endOf(report: string, placing: Placing): Promise<State | undefined> {
  const timeoutMs = Math.max(1, Math.min(60_000, placing.giveUpAtMs - Date.now()));
  const ended = anyClient(placing).waitForEnd(report, { timeoutMs });
  return ended.then(
    ({ state }) => state,
    () => undefined,
  );
}

async function cancel(request: string, name: string, placing: Placing): Promise<string> {
  const { ledger } = placing;
  await ledger.append({ kind: "cancelling", request });
  const became = await anyClient(placing)
    .cancelReport({ name, reason: "not wanted" }, { timeoutMs: callMs })
    .then(
      ({ value }) => stateName(value.state),
      (error: unknown) => status[codeOf(error)],
    );
  await ledger.append({ kind: "cancel-answer", request, became });
  return became;
}

// These may pass; any other error is the answer.
const passing: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.CANCELLED,
  status.UNKNOWN,
  status.INTERNAL,
]);
const repeats = 2;

/** Has a report that has ended made again, and says so once more under the same id, which must change nothing. */
export async function retry(request: string, name: string, placing: Placing): Promise<void> {
  const { ledger, giveUpAtMs } = placing;
  await ledger.append({ kind: "retrying", request });
  let answers = 0;
  for (let tries = 0; answers < repeats && Date.now() < giveUpAtMs; tries += 1) {
    try {
      const { value } = await anyClient(placing).retryReport(
        { name, requestId: `${request}-retry` },
        { timeoutMs: callMs },
      );
      await ledger.append({ kind: "retried", request, became: reportNameOf(value) });
      answers += 1;
      // Until it has ended again: only then does a repeat that is taken for a new retry show.
      if (answers < repeats) await endOf(name, placing);
    } catch (error) {
      const code = codeOf(error);
      if (!passing.has(code)) return ledger.append({ kind: "retried", request, became: status[code] });
      await delay(pauseMs(tries));
    }
  }
}
