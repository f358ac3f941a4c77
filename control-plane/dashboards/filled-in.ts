/** A query as Grafana would send it with all of every variable chosen. */
export function filledIn(expr: string, rateInterval = "1m"): string {
  return expr.replaceAll("$__rate_interval", rateInterval).replace(/\$\w+/g, ".*");
}
