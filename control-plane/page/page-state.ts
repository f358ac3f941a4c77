import { type Address, addressText } from "./address.ts";
import type { Client, Overview } from "./answers.ts";
import type { HeardEjections } from "./ejection-answers.ts";
import { type Hands, newHands } from "./hands.ts";
import { afterAnswer, afterFailure, type Live, overviewOf } from "./live.ts";
import { newlyOpened, type OpenedRevision, type RevisionDetail } from "./opened-revision.ts";
import { type Series, withNow } from "./series.ts";
import { type Draft, newDraft } from "./split-draft.ts";

/** All that decides what is on the screen. */
export type PageState = {
  readonly address: Address;
  readonly live: Live;
  /** The server wants to know who asks. */
  readonly asksWho: boolean;
  /** This browser's clock, in milliseconds. */
  readonly now: number;
  readonly width: number;
  readonly isMoving: boolean;
  readonly isHelpOpen: boolean;
  readonly draft: Draft | undefined;
  readonly notice: Notice | undefined;
  /** One by one, of the group that the address names. */
  readonly listed: Listed | undefined;
  /** What clients ejected, as it was last heard; asked for while it is looked at. */
  readonly ejections?: HeardEjections | undefined;
  /** The revision that the address names. */
  readonly opened: OpenedRevision | undefined;
  /** What the traffic of the service that is shown was; undefined until it is known. */
  readonly series: Series | undefined;
  readonly hands: Hands;
};

/** What came of the last thing that was done. */
export type Notice = { readonly says: string; readonly at: number };

/** `at`: when they were asked for. */
export type Listed = {
  readonly group: string;
  readonly at: number;
  readonly clients: readonly Client[] | undefined;
  readonly why?: string;
};

export type PageEvent =
  | { readonly kind: "heard"; readonly overview: Overview; readonly at: number }
  | { readonly kind: "failed"; readonly why: string; readonly asksWho: boolean; readonly at: number }
  | { readonly kind: "ticked"; readonly now: number }
  | { readonly kind: "resized"; readonly width: number }
  | { readonly kind: "went"; readonly address: Address }
  | { readonly kind: "toggled-moving" }
  | { readonly kind: "toggled-help" }
  | { readonly kind: "drafted"; readonly draft: Draft | undefined }
  | { readonly kind: "applied"; readonly notice: Notice }
  | { readonly kind: "opened"; readonly opened: OpenedRevision }
  | { readonly kind: "detailed"; readonly detail: RevisionDetail }
  | { readonly kind: "ejections-heard"; readonly ejections: HeardEjections }
  | { readonly kind: "listed"; readonly listed: Listed | undefined }
  | { readonly kind: "remembered"; readonly series: Series | undefined }
  | { readonly kind: "in-hand"; readonly hands: Partial<Hands> };

/** Before the control plane has said anything. */
export function firstPageState({ now, ...more }: Pick<PageState, "address" | "now" | "width" | "isMoving">): PageState {
  return {
    ...{ ...more, now, live: { kind: "waiting", since: now, why: undefined }, asksWho: false, isHelpOpen: false },
    ...{ draft: undefined, notice: undefined, listed: undefined, opened: undefined, series: undefined },
    hands: newHands,
  };
}

export function stepPage(state: PageState, event: PageEvent): PageState {
  switch (event.kind) {
    case "heard":
      return {
        ...state,
        ...{ live: afterAnswer(event.overview, event.at), asksWho: false, now: event.at },
        series: state.series && withNow(state.series, event.overview),
      };
    case "failed":
      return {
        ...state,
        ...{ live: afterFailure(state.live, event.why, event.at), asksWho: event.asksWho, now: event.at },
      };
    case "ticked":
      // Where the control plane tells something each second, the clock goes with it: nothing is drawn twice.
      if (Math.abs(event.now - state.now) < 900) return state;
      return { ...state, now: event.now };
    case "resized":
      return { ...state, width: event.width };
    case "went":
      return wentTo(state, event.address);
    case "toggled-moving":
      return { ...state, isMoving: !state.isMoving };
    case "toggled-help":
      return { ...state, isHelpOpen: !state.isHelpOpen };
    case "drafted":
      return { ...state, draft: event.draft, ...(event.draft && { notice: undefined }) };
    case "applied":
      return { ...state, draft: undefined, opened: undefined, notice: event.notice };
    case "opened":
      return event.opened.revision === state.address.revision ? { ...state, opened: event.opened } : state;
    case "detailed": {
      // What was written meanwhile stays.
      const { opened } = state;
      return opened?.revision === event.detail.revision
        ? { ...state, opened: { ...opened, detail: event.detail } }
        : state;
    }
    case "ejections-heard":
      return { ...state, ejections: event.ejections };
    case "listed":
      return { ...state, listed: event.listed };
    case "remembered":
      return { ...state, series: event.series };
    case "in-hand":
      return { ...state, hands: { ...state.hands, ...event.hands } };
  }
}

function wentTo(state: PageState, address: Address): PageState {
  const { revision } = address;
  const opened = revision === undefined || revision === state.opened?.revision ? state.opened : newlyOpened(revision);
  return {
    ...state,
    ...{ address, opened: revision === undefined ? undefined : opened },
    ...(isElsewhere(state.address, address) && noDraft),
  };
}

const noDraft = { draft: undefined, notice: undefined } as const;

/** A draft of one service's shares is not one of another's. */
function isElsewhere(before: Address, after: Address): boolean {
  return after.view === "traffic" && (before.service !== after.service || before.from !== after.from);
}

/** The services there are, by name. */
export function servicesOf({ traffic }: Pick<Overview, "traffic">): readonly string[] {
  return [...new Set(traffic.rows.map(({ service }) => service))].sort();
}

/** The service that is looked at: the address's, or else the first. */
export function serviceShown({ address, live }: PageState): string | undefined {
  const overview = overviewOf(live);
  if (overview === undefined) return address.service;
  const services = servicesOf(overview);
  return services.find((each) => each === address.service) ?? services[0];
}

/** The callers whose rule is edited: the address's, or else those of the first rule. */
export function callersShown({ address, live }: PageState, service: string): string {
  const overview = overviewOf(live);
  const froms = overview?.traffic.rows.filter((row) => row.service === service).map(({ from }) => from) ?? [];
  return froms.find((each) => each === address.from) ?? froms[0] ?? "*";
}

/** What stands in the editor: what is being edited, or else what is in force. */
export function draftShown(state: PageState): Draft | undefined {
  if (state.draft) return state.draft;
  const overview = overviewOf(state.live);
  const service = serviceShown(state);
  if (overview === undefined || service === undefined) return undefined;
  return newDraft(overview.splits, service, callersShown(state, service));
}

export function linkTo(state: Pick<PageState, "address">, to: Partial<Address>): string {
  const { service, from, window } = state.address;
  const kept = { ...(service && { service }), ...(from && { from }), ...(window && { window }) };
  return addressText({ view: state.address.view, ...kept, ...to });
}
