/** How far a listener has come: the newest revision that it was told of, and the event within the process that told. */
export type Position = { readonly revision: number; readonly process: string; readonly sequence: number };

/** `r42.9f3c01ab.7`, for `id:` and Last-Event-ID. */
export function positionText({ revision, process, sequence }: Position): string {
  return `r${revision}.${process}.${sequence}`;
}

/** Undefined for what this server never gave out. */
export function parsePosition(text: string): Position | undefined {
  const [, revision, process, sequence] = /^r(\d{1,15})(?:\.([0-9a-f]{8})\.(\d{1,15}))?$/.exec(text) ?? [];
  if (revision === undefined) return undefined;
  return { revision: Number(revision), process: process ?? "", sequence: Number(sequence ?? 0) };
}
