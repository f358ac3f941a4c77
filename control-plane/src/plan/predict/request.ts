/** A request, as far as routes and hashes look at it. */
export type Request = {
  /** `/report.v1.Reports/CreateReport`, without the query. */
  readonly path: string;
  /** Without the `?`; empty for none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
};

/** Takes the query off a path. */
export function requestOf(path: string, headers: ReadonlyMap<string, string>): Request {
  const at = path.indexOf("?");
  return at < 0 ? { path, query: "", headers } : { path: path.slice(0, at), query: path.slice(at + 1), headers };
}
