export const views = ["traffic", "clients", "changes", "sources"] as const;
export type ViewName = (typeof views)[number];

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
};

/** `#traffic?service=report&from=dc-a`; what makes no sense is passed over. */
export function parseAddress(hash: string): Address {
  const [name = "", query = ""] = hash.replace(/^#/, "").split("?");
  const view = views.find((each) => each === name) ?? "traffic";
  const words = new URLSearchParams(query);
  const revision = Number(words.get("revision") ?? Number.NaN);
  const text = (key: "service" | "from" | "group") => {
    const value = words.get(key);
    return value === null || value === "" ? {} : { [key]: value };
  };
  return {
    view,
    ...text("service"),
    ...text("from"),
    ...text("group"),
    ...(Number.isInteger(revision) && revision >= 0 && { revision }),
  };
}

export function addressText({ view, ...rest }: Address): string {
  const words = Object.entries(rest).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const query = new URLSearchParams(words).toString();
  return `#${view}${query === "" ? "" : `?${query}`}`;
}
