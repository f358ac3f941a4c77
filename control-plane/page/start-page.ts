import type { Actions } from "./actions.ts";
import { addressText, parseAddress, views } from "./address.ts";
import type { Client, Planned } from "./answers.ts";
import { followWeir } from "./follow.ts";
import { handActions } from "./hand-actions.ts";
import { hearEjections } from "./hear-ejections.ts";
import { hearReports } from "./hear-reports.ts";
import { hearWho } from "./hear-who.ts";
import { overviewOf } from "./live.ts";
import { moveDots, moveEveryMs } from "./moving-dots.ts";
import type { OpenedRevision, RevisionDetail } from "./opened-revision.ts";
import { draftShown, firstPageState, type PageEvent, type PageState, serviceShown, stepPage } from "./page-state.ts";
import { type HistoryAnswer, isWhole, newSeries, readHistory } from "./series.ts";
import type { ShiftVerb } from "./shift-view.ts";
import { conditionOf, type Draft, documentOf } from "./split-draft.ts";
import { ask, headerText, keepToken, RefusedError, whyNot } from "./weir-api.ts";

/** Connects what is pure with the browser: its address, keys, clock and the control plane. Runs as long as the page is open. */
export function startPage(show: (state: PageState, actions: Actions) => void): void {
  const stop = new AbortController();
  let state = firstPageState({
    address: parseAddress(location.hash),
    now: Date.now(),
    width: innerWidth,
    isMoving: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  let isScheduled = false;
  const dispatch = (event: PageEvent) => {
    const before = state;
    state = stepPage(state, event);
    if (isScheduled || state === before) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      show(state, actions);
    });
  };
  const actions: Actions = {
    logIn: keepToken,
    edit: (draft) => dispatch({ kind: "drafted", draft }),
    discard: () => dispatch({ kind: "drafted", draft: undefined }),
    plan: (draft) => void plan(draft, dispatch),
    apply: (draft) => void apply(draft, dispatch),
    shift: (name, verb) => void shift(name, verb, dispatch),
    open: (opened) => dispatch({ kind: "opened", opened }),
    planBack: (opened) => void planBack(opened, state, dispatch),
    goBack: (opened) => void goBack(opened, dispatch),
    go: (hash) => {
      location.hash = hash;
    },
    look: (hash) => location.replace(hash),
    toggleMoving: () => dispatch({ kind: "toggled-moving" }),
    toggleHelp: () => dispatch({ kind: "toggled-help" }),
    ...handActions(dispatch),
  };
  const arrive = () => {
    dispatch({ kind: "went", address: parseAddress(location.hash) });
    void look(state, dispatch);
    void hearEjections(state, dispatch);
    void hearReports(state, dispatch);
  };
  addEventListener("hashchange", arrive);
  addEventListener("resize", () => dispatch({ kind: "resized", width: innerWidth }));
  addEventListener("keydown", (event) => pressed(event, state, actions));
  setInterval(() => moveDots(performance.now()), moveEveryMs);
  setInterval(() => dispatch({ kind: "ticked", now: Date.now() }), 1_000);
  setInterval(() => {
    void hearEjections(state, dispatch);
    void hearReports(state, dispatch);
    void hearWho(state, dispatch);
  }, 1_000);
  arrive();
  void follow(dispatch, () => state, stop.signal);
}

async function follow(
  dispatch: (event: PageEvent) => void,
  state: () => PageState,
  signal: AbortSignal,
): Promise<void> {
  for await (const heard of followWeir(signal)) {
    const at = Date.now();
    if (heard.kind === "failed") dispatch({ ...heard, at });
    else dispatch({ kind: "heard", overview: heard.overview, at });
    if (heard.kind === "overview") remember(state(), heard.overview.at, dispatch);
    const { address, listed } = state();
    if (heard.kind === "failed" || address.view !== "clients" || address.group === undefined) continue;
    // All that is known of hundreds of clients: not every second.
    if (listed?.group === address.group && at - listed.at < listEveryMs) continue;
    void list(address.group, at, dispatch);
  }
}

const listEveryMs = 5_000;

/** Asks once for what traffic was; from then on each second's numbers go on with it. */
function remember(state: PageState, at: number, dispatch: (event: PageEvent) => void): void {
  const service = serviceShown(state);
  const window = state.address.window ?? "15m";
  const { series } = state;
  if (service === undefined || state.address.view !== "traffic") return;
  const isThis = series?.service === service && series.window === window;
  if (series && isThis && isWhole(series, at)) return;
  // What comes meanwhile goes on with it, so that it is not asked for twice.
  if (!isThis) dispatch({ kind: "remembered", series: newSeries(service, window, at) });
  void ask<HistoryAnswer>(`/v1/traffic/history?${new URLSearchParams({ service, window })}`).then(
    (answer) => dispatch({ kind: "remembered", series: readHistory(answer) }),
    () => undefined,
  );
}

async function list(group: string, at: number, dispatch: (event: PageEvent) => void): Promise<void> {
  try {
    const { clients } = await ask<{ readonly clients: readonly Client[] }>("/v1/clients");
    const members = clients.filter((each) => `${each.kind} ${each.role} ${each.locality}` === group);
    dispatch({ kind: "listed", listed: { group, at, clients: members } });
  } catch (cause) {
    dispatch({ kind: "listed", listed: { group, at, clients: undefined, why: whyNot(cause) } });
  }
}

async function plan(draft: Draft, dispatch: (event: PageEvent) => void): Promise<void> {
  dispatch({ kind: "drafted", draft: { ...draft, stage: { kind: "planning" } } });
  try {
    const made = await ask<Planned>("/v1/config:plan", { method: "POST", body: documentOf(draft) });
    dispatch({ kind: "drafted", draft: { ...draft, stage: { kind: "planned", plan: made } } });
  } catch (cause) {
    dispatch({ kind: "drafted", draft: refused(draft, cause) });
  }
}

async function apply(draft: Draft, dispatch: (event: PageEvent) => void): Promise<void> {
  if (draft.stage.kind !== "planned") return;
  dispatch({ kind: "drafted", draft: { ...draft, stage: { kind: "applying", plan: draft.stage.plan } } });
  const { name } = draft.base.metadata;
  try {
    await ask(`/v1/trafficSplits/${encodeURIComponent(name)}`, {
      method: "PUT",
      body: documentOf(draft),
      headers: { ...conditionOf(draft), "x-weir-actor": headerText("page"), "x-weir-reason": headerText(draft.reason) },
    });
    const { revision } = await ask<{ readonly revision: number }>("/v1/store");
    dispatch({ kind: "applied", notice: { says: `Applied as revision ${revision}`, at: Date.now() } });
  } catch (cause) {
    dispatch({ kind: "drafted", draft: refused(draft, cause) });
  }
}

async function shift(name: string, verb: ShiftVerb, dispatch: (event: PageEvent) => void): Promise<void> {
  const at = Date.now();
  try {
    await ask(`/v1/operations/${encodeURIComponent(name)}:${verb}`, {
      method: "POST",
      headers: { "x-weir-actor": headerText("page"), "x-weir-reason": headerText("on the page") },
    });
    dispatch({ kind: "applied", notice: { says: `Shift ${name}: ${verb}`, at } });
  } catch (cause) {
    dispatch({ kind: "applied", notice: { says: `Not done: ${whyNot(cause)}`, at } });
  }
}

/** Gets what a revision changed that is open and not yet known. */
async function look({ opened }: PageState, dispatch: (event: PageEvent) => void): Promise<void> {
  if (opened === undefined || opened.detail !== undefined) return;
  try {
    const detail = await ask<RevisionDetail>(`/v1/revisions/${opened.revision}`);
    dispatch({ kind: "detailed", detail });
  } catch (cause) {
    dispatch({ kind: "opened", opened: { ...opened, stage: { kind: "refused", says: whyNot(cause) } } });
  }
}

async function planBack(opened: OpenedRevision, { live }: PageState, dispatch: (event: PageEvent) => void) {
  const base = overviewOf(live)?.store.revision;
  if (base === undefined) return;
  dispatch({ kind: "opened", opened: { ...opened, stage: { kind: "planning" } } });
  try {
    const { plan } = await rollback(opened, base, true);
    if (plan) dispatch({ kind: "opened", opened: { ...opened, stage: { kind: "planned", plan, base } } });
  } catch (cause) {
    dispatch({ kind: "opened", opened: { ...opened, stage: { kind: "refused", says: whyNot(cause) } } });
  }
}

async function goBack(opened: OpenedRevision, dispatch: (event: PageEvent) => void): Promise<void> {
  if (opened.stage.kind !== "planned") return;
  const { plan, base } = opened.stage;
  dispatch({ kind: "opened", opened: { ...opened, stage: { kind: "going", plan, base } } });
  try {
    const { revision } = await rollback(opened, base, false);
    const says = `Went back to r${opened.revision} as revision ${revision}`;
    dispatch({ kind: "applied", notice: { says, at: Date.now() } });
    location.hash = "#changes";
  } catch (cause) {
    dispatch({ kind: "opened", opened: { ...opened, stage: { kind: "refused", says: whyNot(cause) } } });
  }
}

/** Only from the revision that was planned with. */
function rollback({ revision, reason }: OpenedRevision, base: number, validateOnly: boolean) {
  return ask<{ readonly revision: number; readonly plan?: Planned }>(
    `/v1/revisions/r${revision}:rollback${validateOnly ? "?validateOnly=true" : ""}`,
    {
      method: "POST",
      headers: {
        "if-match": `"r${base}"`,
        "x-weir-actor": headerText("page"),
        "x-weir-reason": headerText(reason),
      },
    },
  );
}

function refused(draft: Draft, cause: unknown): Draft {
  const { code, details } = cause instanceof RefusedError ? cause : { code: 0, details: [] };
  return { ...draft, stage: { kind: "refused", says: whyNot(cause), details, isOutdated: code === 412 } };
}

/** 1 to 6 choose the view, p stops what moves, ? explains, Escape takes back; not while somebody writes. */
function pressed({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent, state: PageState, actions: Actions): void {
  if (ctrlKey || metaKey || altKey) return;
  if (key === "Escape") {
    if (state.isHelpOpen) actions.toggleHelp();
    else {
      actions.discard();
      actions.drafts({ drain: undefined, order: undefined });
    }
    return;
  }
  if (target instanceof HTMLElement && target.matches("input, textarea, select")) return;
  const view = views[Number(key) - 1];
  if (view !== undefined) actions.go(addressText({ ...state.address, view }));
  else if (key === "p") actions.toggleMoving();
  else if (key === "?") actions.toggleHelp();
  else if (key === "e" && draftShown(state)) document.querySelector<HTMLElement>(".editor input")?.focus();
}
