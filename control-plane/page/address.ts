export const views = ["traffic", "clients", "changes", "sources", "ejections", "reports"] as const;
export type ViewName = (typeof views)[number];

/** How far back what traffic was is shown. */
export const historyWindows = ["15m", "1h", "6h"] as const;
export type HistoryWindow = (typeof historyWindows)[number];

/** What the page shows; the URL's hash says it, so that it can be kept and passed on. */
export type Address = {
  readonly view: ViewName;
  /** Which service's traffic; the first one unless told. */
  readonly service?: string;
  /** Whose share is edited: the callers as the rule names them. */
  readonly from?: string;
  /** Which clients are listed one by one. */
  readonly group?: string;
  /** Which revision is looked at. */
  readonly revision?: number;
  /** Which report is looked at, and in which state those are that are listed; all unless told. */
  readonly report?: string | undefined;
  readonly state?: string | undefined;
  readonly window?: HistoryWindow | undefined;
  /** The moment that is looked at, in seconds since the epoch; undefined: now. */
  readonly at?: number | undefined;
};

/** `#traffic?service=report&from=dc-a`; what makes no sense is passed over. */
export function parseAddress(hash: string): Address {
  const [name = "", query = ""] = hash.replace(/^#/, "").split("?");
  const view = views.find((each) => each === name) ?? "traffic";
  const words = new URLSearchParams(query);
  const revision = Number(words.get("revision") ?? Number.NaN);
  const at = Number(words.get("at") ?? Number.NaN);
  const window = historyWindows.find((each) => each === words.get("window"));
  const text = (key: "service" | "from" | "group" | "report" | "state") => {
    const value = words.get(key);
    return value === null || value === "" ? {} : { [key]: value };
  };
  return {
    view,
    ...text("service"),
    ...text("from"),
    ...text("group"),
    ...text("report"),
    ...text("state"),
    ...(Number.isInteger(revision) && revision >= 0 && { revision }),
    ...(window && { window }),
    ...(Number.isInteger(at) && at > 0 && { at }),
  };
}

export function addressText({ view, ...rest }: Address): string {
  const words = Object.entries(rest).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const query = new URLSearchParams(words).toString();
  return `#${view}${query === "" ? "" : `?${query}`}`;
}
