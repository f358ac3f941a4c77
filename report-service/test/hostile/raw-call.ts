import { connect, constants } from "node:http2";
import { gzipSync } from "node:zlib";
import { Metadata, status } from "@grpc/grpc-js";
import { ReportCallError } from "../../src/client.ts";

/** How a call ended: with this error, or answered. */
export type RawEnd = (ReportCallError & { readonly headerBytes: number }) | "answered";

/** A connection on which requests are sent whose bytes nobody has checked. */
export type RawChannel = {
  /** `method`: such as `Reports/CreateReport`. */
  call(method: string, frame: Buffer, encoding?: string): Promise<RawEnd>;
  /** Sends the beginning of a request, and nothing after it; tells how that ended, if it did. */
  begin(method: string, frame: Buffer): { readonly sent: Promise<void>; readonly ended: Promise<RawEnd> };
} & Disposable;

/** gRPC's length-prefixed message around any bytes; `packed` says that they are, whether or not that is so. */
export function frameOf(bytes: Buffer, packed = false): Buffer {
  const head = Buffer.alloc(5);
  head[0] = packed ? 1 : 0;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A packed message that unpacks to so many zeros; zlib makes a thousandth of them. */
export function bombOf(megabytes: number): Buffer {
  return frameOf(gzipSync(Buffer.alloc(megabytes * 2 ** 20), { level: 9 }), true);
}

// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "Errors"
function resetError(code: number | undefined): RawEnd {
  const calm = code === constants.NGHTTP2_ENHANCE_YOUR_CALM;
  const details = `the stream was reset with ${code}`;
  const answer = { code: calm ? status.RESOURCE_EXHAUSTED : status.INTERNAL, details, metadata: new Metadata() };
  return Object.assign(new ReportCallError(answer, { server: "", locality: "" }), { headerBytes: 0 });
}

// As HTTP/2 counts them: https://www.rfc-editor.org/rfc/rfc9113#section-10.5.1
function bytesOf(headers: Record<string, unknown>): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length + 32, 0);
}

export function connectRaw(address: string): RawChannel {
  const session = connect(`http://${address}`);
  // Each call says by itself that its connection is gone.
  session.on("error", () => undefined);
  function open(method: string, encoding: string) {
    const { promise, resolve } = Promise.withResolvers<RawEnd>();
    const stream = session.request({
      ":method": "POST",
      ":path": `/report.v1.${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-encoding": encoding,
      "grpc-timeout": "60S",
    });
    const settle = (headers: Record<string, unknown>) => {
      const code = headers["grpc-status"];
      if (code === undefined) return;
      const details = decodeURIComponent(String(headers["grpc-message"] ?? ""));
      const metadata = Metadata.fromHttp2Headers(headers as Parameters<typeof Metadata.fromHttp2Headers>[0]);
      const by = { server: "", locality: "" };
      const error = new ReportCallError({ code: Number(code), details, metadata }, by);
      resolve(Number(code) === 0 ? "answered" : Object.assign(error, { headerBytes: bytesOf(headers) }));
    };
    stream.on("response", settle).on("trailers", settle);
    // Says why before it closes, where it does so without a status.
    stream.on("error", () => undefined);
    stream.on("close", () => resolve(resetError(stream.rstCode)));
    stream.resume();
    return { stream, ended: promise };
  }

  return {
    call(method, frame, encoding = "identity") {
      const { stream, ended } = open(method, encoding);
      stream.end(frame);
      return ended;
    },
    begin(method, frame) {
      const { stream, ended } = open(method, "identity");
      const { promise: sent, resolve } = Promise.withResolvers<void>();
      stream.write(frame, () => resolve());
      return { sent, ended };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
