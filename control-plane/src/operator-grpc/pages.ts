import { type PageQuery, pageQuery } from "../operator/page-of.ts";
import { invalid } from "./answering.ts";

/** What a list request says of pages, for the query of a route. */
export type Pages = Readonly<Record<string, string | number>>;

type Asked = { readonly pageSize: number; readonly pageToken: string; readonly filter: string };

const usualSize = 100;
const mostSize = 1_000;

/** As AIP-158 has it: 0 is the server's choice, and more than it gives is as much as it gives. */
export function pagesOf({ pageSize, pageToken, filter }: Asked): Pages {
  return { pageSize: pageSize === 0 ? usualSize : Math.min(pageSize, mostSize), pageToken, filter };
}

/** The same for what is paged here, because the route has no pages. */
export function pageQueryOf(asked: Asked): PageQuery {
  const parsed = pageQuery.safeParse(pagesOf(asked));
  if (parsed.success) return parsed.data;
  throw invalid("pageSize", `is ${asked.pageSize}: expected 1 to ${mostSize}, or 0 for ${usualSize}`);
}
