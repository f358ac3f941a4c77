import { subscribe } from "node:diagnostics_channel";
import type { Http2Session, Http2Stream } from "node:http2";

type Visit = (session: Http2Session) => void;

const visits = new Set<Visit>();

/** Calls `visit` once with each HTTP/2 session of all servers of this process, at its first stream after this. */
export function onServerSession(visit: Visit): void {
  if (visits.has(visit)) return;
  visits.add(visit);
  const known = new WeakSet<Http2Session>();
  subscribe("http2.server.stream.created", (message) => {
    const { session } = (message as { readonly stream: Http2Stream }).stream;
    if (session === undefined || known.has(session)) return;
    known.add(session);
    visit(session);
  });
}
