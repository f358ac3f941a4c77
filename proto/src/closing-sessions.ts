import { subscribe } from "node:diagnostics_channel";
import type { Http2Session, Http2Stream } from "node:http2";

type Answered = (error: Error | null, duration: number, payload: Buffer) => void;
type Ping = (...args: [Answered] | [NodeJS.ArrayBufferView, Answered]) => boolean;

const known = new WeakSet<Http2Session>();

/**
 * Lets the calls of a connection that is being left finish, in all servers of this process. grpc-js 1.14 goes on with its
 * keepalive pings when either side has said GOAWAY; Node refuses to send them, which grpc-js takes for a dead peer, and cuts
 * the very calls that the closing waits for (https://github.com/grpc/grpc-node/issues/3068). So such a ping counts as
 * answered; who is truly gone meanwhile is ended by the time limit of the shutdown or of the connection's age.
 */
export function letClosingSessionsFinish(): void {
  subscribe("http2.server.stream.created", onStream);
}

function onStream(message: unknown): void {
  const { session } = (message as { readonly stream: Http2Stream }).stream;
  if (session === undefined || known.has(session)) return;
  known.add(session);
  const ping = session.ping.bind(session) as Ping;
  const pingOpen: Ping = (...args) => {
    if (!session.closed) return ping(...args);
    const answered = args.length === 1 ? args[0] : args[1];
    process.nextTick(answered, null, 0, Buffer.alloc(8));
    return true;
  };
  session.ping = pingOpen as Http2Session["ping"];
}
