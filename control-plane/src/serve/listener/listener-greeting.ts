import type { Socket } from "node:net";

const http2Greeting = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** What the first bytes of a connection are: the greeting of HTTP/2, a part of it, or what somebody else says. */
export type Greeting = "http2" | "part" | "tls" | "http1" | "other";

/** RFC 9113, section 3.4. A TLS record begins with 0x16 (RFC 8446, section 5.1). */
export function readGreeting(bytes: Buffer): Greeting {
  const length = Math.min(bytes.length, http2Greeting.length);
  if (http2Greeting.compare(bytes, 0, length, 0, length) === 0) return length < http2Greeting.length ? "part" : "http2";
  if (bytes[0] === 0x16) return "tls";
  return /^[A-Z]{3,7} /.test(bytes.toString("latin1", 0, 8)) ? "http1" : "other";
}

/** Reads until it is clear what is spoken, and puts back what was read. */
export function awaitGreeting(socket: Socket, greeted: () => void, refused: (says: string) => void): void {
  let bytes = Buffer.alloc(0);
  socket.on("readable", read);

  function read(): void {
    const more: Buffer | null = socket.read();
    if (more === null) return;
    bytes = Buffer.concat([bytes, more]);
    const said = readGreeting(bytes);
    if (said === "part") return;
    socket.off("readable", read);
    if (said === "http2") {
      socket.unshift(bytes);
      greeted();
    } else refused(strangers[said]);
  }
}

const strangers: Readonly<Record<Exclude<Greeting, "http2" | "part">, string>> = {
  tls: "it speaks TLS, and this port is plaintext: configure TLS here, or the client without it",
  http1: "it speaks HTTP/1, and this port is for gRPC",
  other: "it speaks no HTTP/2",
};
