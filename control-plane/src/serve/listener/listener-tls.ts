import type { Socket } from "node:net";
import { createServer, type SecureVersion } from "node:tls";

/** PEM, all of it. */
export type ListenerTls = {
  readonly certificates: string | Buffer;
  readonly key: string | Buffer;
  /** Who signs the clients' certificates; with it, nobody is served without one. */
  readonly clientAuthorities: string | Buffer | undefined;
  /** Serves those without a certificate too, and tells who has one: they may say otherwise who they are. */
  readonly anonymous?: boolean;
  /** TLSv1.2 unless told: Envoy's own default as a client is TLS 1.2 at most. */
  readonly minVersion?: SecureVersion;
};

/** Shakes hands on connections that were accepted elsewhere. */
export type Secure = {
  accept(socket: Socket, peer: string, then: Handshake): void;
};

type Handshake = { readonly secured: (stream: Socket) => void; readonly failed: (says: string) => void };

/** Throws when certificate and key are none, or do not fit. */
export function createSecure({
  certificates,
  key,
  clientAuthorities,
  anonymous = false,
  minVersion = "TLSv1.2",
}: ListenerTls): Secure {
  const shaking = new Map<string, Handshake>();
  const server = createServer({
    ...{ cert: certificates, key, minVersion, ALPNProtocols: ["h2"] },
    ...(clientAuthorities === undefined
      ? {}
      : { ca: clientAuthorities, requestCert: true, rejectUnauthorized: !anonymous }),
  });
  server.on("secureConnection", (stream) => {
    stream.on("error", () => undefined);
    shaking.get(peerOf(stream))?.secured(stream);
  });
  server.on("tlsClientError", (error, stream) => {
    // A client that only goes away was not refused.
    if ("code" in error && error.code === "ECONNRESET") return;
    shaking.get(peerOf(stream))?.failed(error.message);
  });
  return {
    accept(socket, peer, then) {
      shaking.set(peer, then);
      socket.once("close", () => shaking.delete(peer));
      server.emit("connection", socket);
    },
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
