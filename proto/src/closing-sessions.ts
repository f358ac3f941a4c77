import type { Http2Session } from "node:http2";
import { onServerSession } from "./server-sessions.ts";

type Answered = (error: Error | null, duration: number, payload: Buffer) => void;
type Ping = (...args: [Answered] | [NodeJS.ArrayBufferView, Answered]) => boolean;

/**
 * Lets the calls of a connection that is being left finish, in all servers of this process. grpc-js 1.14 goes on with its
 * keepalive pings when either side has said GOAWAY; Node refuses to send them, which grpc-js takes for a dead peer, and cuts
 * the very calls that the closing waits for (https://github.com/grpc/grpc-node/issues/3068). So such a ping counts as
 * answered; who is truly gone meanwhile is ended by the time limit of the shutdown or of the connection's age.
 */
export function letClosingSessionsFinish(): void {
  onServerSession(pingWhileOpen);
}

function pingWhileOpen(session: Http2Session): void {
  const ping = session.ping.bind(session) as Ping;
  const pingOpen: Ping = (...args) => {
    if (!session.closed) return ping(...args);
    const answered = args.length === 1 ? args[0] : args[1];
    process.nextTick(answered, null, 0, Buffer.alloc(8));
    return true;
  };
  session.ping = pingOpen as Http2Session["ping"];
}
