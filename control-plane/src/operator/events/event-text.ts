/** One event of a stream of server-sent events (HTML Living Standard, section 9.2). JSON has no line breaks of its own. */
export function eventText({
  event,
  id,
  data,
}: {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
