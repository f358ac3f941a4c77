import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";

const rows = 50_000;
const seed = 20_260_101;

/**
 * Two years of sales, the same on every machine: each value is taken from a hash of its row number, column and seed.
 * MD5 and not DuckDB's `hash()`, which may differ between its versions.
 */
const generate = `
  with drawn as (
    select n, md5_number_lower(concat_ws(':', ${seed}, n)) as a, md5_number_upper(concat_ws(':', ${seed}, n)) as b
    from range(${rows}) numbers(n)
  )
  select
    n + 1 as order_id,
    timestamp '2025-01-01' + to_seconds((a % 63072000)::bigint) as ts,
    (['eu', 'eu', 'eu', 'us', 'us', 'ap'])[1 + ((a >> 26) % 6)::int] as region,
    (['web', 'web', 'store', 'partner'])[1 + ((a >> 32) % 4)::int] as channel,
    format('product-{:03d}', 1 + least(b % 200, (b >> 16) % 200)::int) as product,
    format('customer-{:05d}', 1 + (b >> 24) % 5000) as customer,
    1 + ((b >> 40) % 5)::int as quantity,
    ((199 + (b >> 44) % 49801) / 100)::decimal(10, 2) as unit_price
  from drawn
  order by ts, order_id`;

/** Makes the sample data set where it is missing; several processes may do so at once, each writes the same bytes. */
export async function ensureSampleSales(connection: DuckDBConnection, path: string): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await connection.run(`copy (${generate}) to '${sqlText(draft)}' (format parquet)`);
  await rename(draft, path);
}

/** A file name as it may stand in a SQL string. */
export function sqlText(text: string): string {
  return text.replaceAll("'", "''");
}
