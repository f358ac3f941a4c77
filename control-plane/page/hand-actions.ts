import type { Actions } from "./actions.ts";
import { authorHeaders } from "./copy-as.ts";
import { type DrainDraft, drainRequest, type Headroom } from "./drain-draft.ts";
import type { SeenDrain } from "./drain-view.ts";
import type { PageEvent } from "./page-state.ts";
import type { ReportOrder } from "./report-answers.ts";
import { reportRequest } from "./report-request.ts";
import { type StepsDraft, shiftRequest, usualSteps } from "./shift-draft.ts";
import type { Draft } from "./split-draft.ts";
import { ask, fetchFile, RefusedError, whyNot } from "./weir-api.ts";

type Dispatch = (event: PageEvent) => void;

/** What people do with data centers, shifts and reports. */
export function handActions(
  dispatch: Dispatch,
): Pick<
  Actions,
  | "drafts"
  | "lookAheadOfDrain"
  | "drain"
  | "undrain"
  | "extendDrain"
  | "beginShift"
  | "orderReport"
  | "actOnReport"
  | "download"
> {
  return {
    drafts: (hands) => dispatch({ kind: "in-hand", hands }),
    lookAheadOfDrain: (draft) => void lookAhead(draft, dispatch),
    drain: (draft) => void drain(draft, dispatch),
    undrain: (seen) => void undrain(seen, dispatch),
    extendDrain: (seen) => void extend(seen, dispatch),
    beginShift: (draft, steps) => void beginShift(draft, steps, dispatch),
    orderReport: (order) => dispatch({ kind: "in-hand", hands: { order } }),
    actOnReport: (order) => void actOnReport(order, dispatch),
    download: (id, format) => void download(id, format, dispatch),
  };
}

type Begun = { readonly revision: number; readonly headroom: Headroom };

/** Forced, since it changes nothing: what is missing is in the answer, beside what is left. */
async function lookAhead(draft: DrainDraft, dispatch: Dispatch): Promise<void> {
  dispatch({ kind: "in-hand", hands: { drain: { ...draft, stage: { kind: "asking" } } } });
  const { path, method, body } = drainRequest({ ...draft, force: true });
  try {
    const headers = authorHeaders(draft.reason);
    const { headroom } = await ask<Begun>(`${path}?validateOnly=true`, { method, body, headers });
    dispatch({ kind: "in-hand", hands: { drain: { ...draft, force: false, stage: { kind: "looked", headroom } } } });
  } catch (cause) {
    dispatch({ kind: "in-hand", hands: { drain: refused(draft, cause) } });
  }
}

async function drain(draft: DrainDraft, dispatch: Dispatch): Promise<void> {
  if (draft.stage.kind !== "looked") return;
  dispatch({
    kind: "in-hand",
    hands: { drain: { ...draft, stage: { kind: "doing", headroom: draft.stage.headroom } } },
  });
  const { path, method, body } = drainRequest(draft);
  try {
    const { revision } = await ask<Begun>(path, { method, body, headers: authorHeaders(draft.reason) });
    dispatch({ kind: "in-hand", hands: { drain: undefined } });
    const did = draft.isExtended ? "extended" : draft.mode === "drain" ? "drained" : "isolated";
    told(`${draft.locality} ${did} as revision ${revision}`, dispatch);
  } catch (cause) {
    dispatch({ kind: "in-hand", hands: { drain: refused(draft, cause) } });
  }
}

async function undrain({ name, locality }: SeenDrain, dispatch: Dispatch): Promise<void> {
  try {
    await ask(`/v1/drains/${encodeURIComponent(name)}`, {
      method: "DELETE",
      headers: authorHeaders(`undrain ${locality}`),
    });
    told(`${locality} is given back`, dispatch);
  } catch (cause) {
    told(`Not done: ${whyNot(cause)}`, dispatch);
  }
}

/** The same place for the same services again, which replaces it. */
async function extend({ name, locality, isolates, reason }: SeenDrain, dispatch: Dispatch): Promise<void> {
  try {
    const { rows } = await ask<{
      readonly rows: readonly { readonly name: string; readonly services?: readonly string[] }[];
    }>("/v1/drains");
    const services = rows.find((each) => each.name === name)?.services;
    const draft: DrainDraft = {
      ...{ locality, mode: isolates ? "isolate" : "drain", services, duration: "1h", reason },
      ...{ force: false, isExtended: true, stage: { kind: "editing" } },
    };
    dispatch({ kind: "in-hand", hands: { drain: draft } });
    location.hash = "#traffic";
  } catch (cause) {
    told(`Not done: ${whyNot(cause)}`, dispatch);
  }
}

function refused(draft: DrainDraft, cause: unknown): DrainDraft {
  const details = cause instanceof RefusedError && cause.details.length > 1 ? cause.details : [];
  return { ...draft, force: false, stage: { kind: "refused", says: whyNot(cause), details } };
}

async function beginShift(draft: Draft, steps: StepsDraft, dispatch: Dispatch): Promise<void> {
  const { path, method, body, headers } = shiftRequest(draft, steps);
  try {
    const all = { ...headers, ...authorHeaders(draft.reason) };
    const { name } = await ask<{ readonly name: string }>(path, { method, body, headers: all });
    dispatch({ kind: "in-hand", hands: { steps: usualSteps } });
    told(`Shift ${name} has begun`, dispatch);
  } catch (cause) {
    const { code, details } = cause instanceof RefusedError ? cause : { code: 0, details: [] };
    const stage = { kind: "refused" as const, says: whyNot(cause), details, isOutdated: code === 412 };
    dispatch({ kind: "drafted", draft: { ...draft, stage } });
  }
}

async function actOnReport(order: ReportOrder, dispatch: Dispatch): Promise<void> {
  dispatch({ kind: "in-hand", hands: { order: { ...order, stage: { kind: "doing" } } } });
  const { path, method, headers } = reportRequest(order);
  try {
    await ask(path, { method, headers: { ...headers, ...authorHeaders(order.reason) } });
    dispatch({ kind: "in-hand", hands: { order: undefined } });
    told(order.verb === "cancel" ? "Stopped" : "Queued again", dispatch);
  } catch (cause) {
    dispatch({ kind: "in-hand", hands: { order: { ...order, stage: { kind: "refused", says: whyNot(cause) } } } });
  }
}

async function download(id: string, format: string, dispatch: Dispatch): Promise<void> {
  try {
    const file = await fetchFile(`/v1/reports/${encodeURIComponent(id)}:download?format=${format}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${id}.${format.toLowerCase()}`;
    link.click();
    URL.revokeObjectURL(link.href);
    told(`${link.download} fetched`, dispatch);
  } catch (cause) {
    told(`Not fetched: ${whyNot(cause)}`, dispatch);
  }
}

function told(says: string, dispatch: Dispatch): void {
  dispatch({ kind: "applied", notice: { says, at: Date.now() } });
}
