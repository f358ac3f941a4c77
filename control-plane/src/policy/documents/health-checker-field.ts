import { z } from "zod";
import type { Check, StatusRange } from "../../model/health-check.ts";
import { exactlyOneOf, withDefault } from "./document-fields.ts";

const path = z
  .string()
  .max(1024)
  .regex(/^\/[\x21-\x7e]*$/, "expected a path that begins with /, of printable characters without spaces")
  .meta({ examples: ["/healthz"] });

const host = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9._:[\]-]+$/, "expected the name of a host, perhaps with a port")
  .meta({ examples: ["report.example"] });

const rangeText = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/;

const status = z
  .union([z.int().min(100).max(599), z.string().regex(rangeText)], {
    error: "expected an HTTP status or a range of them, such as 204 or 200-299",
  })
  .refine((value) => !(rangeOf(value).from > rangeOf(value).to), "expected a range from less to more, such as 200-299")
  .meta({ examples: ["200-299"] });

const statuses = z.array(status).max(50).default([]);

const payload = exactlyOneOf(
  z.strictObject({
    text: z.string().min(1).max(4096).optional().describe("As UTF-8."),
    hex: z
      .string()
      .max(8192)
      .regex(/^([0-9a-fA-F]{2})+$/, "expected bytes in hexadecimal, such as 00ff")
      .optional()
      .describe("Any bytes, in hexadecimal."),
  }),
  ["text", "hex"],
);

const grpc = z.strictObject({
  serviceName: z
    .string()
    .max(200)
    .default("")
    .describe("Which of its services. Default: empty, the server as a whole."),
  authority: host.optional().describe("The authority that is asked for. Default: the service's name."),
});

const http = z.strictObject({
  path: path.describe("What is asked for; 200 is healthy."),
  host: host.optional().describe("The host that is asked for. Default: the service's name."),
  method: withDefault(
    z.enum(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]),
    "GET",
    "How it is asked for.",
  ),
  expectedStatuses: statuses.describe("Statuses that are healthy, [200-299, 304]. Default: [200]."),
  retriableStatuses: statuses.describe(
    "Bad statuses that count towards unhealthyThreshold; any other is enough by itself. Default: none.",
  ),
});

const tcp = z.strictObject({
  send: payload.optional().describe("Bytes to send. Default: none, that a connection opens is enough."),
  receive: z.array(payload).max(20).default([]).describe("What the answer must hold, in this order. Default: nothing."),
});

const fields = {
  grpc: grpc.optional().describe("grpc.health.v1; for services that speak GRPC or HTTP2."),
  http: http.optional().describe("An HTTP request."),
  tcp: tcp.optional().describe("A connection, {}; perhaps with bytes to send and to expect."),
};

/** What endpoints are asked: fields of which exactly one is there. */
export const healthChecker = { fields, names: Object.keys(fields), host };

/** What `spec.healthCheck` asks. */
export function healthCheckerOf({ grpc, http, tcp }: z.output<z.ZodObject<typeof fields>>): Check {
  if (grpc) return { kind: "grpc", serviceName: grpc.serviceName, authority: grpc.authority };
  if (http) {
    const { path, host, method } = http;
    const expectedStatuses = http.expectedStatuses.map(rangeOf);
    return {
      kind: "http",
      path,
      host,
      method,
      expectedStatuses,
      retriableStatuses: http.retriableStatuses.map(rangeOf),
    };
  }
  return { kind: "tcp", send: tcp?.send && bytesOf(tcp.send), receive: tcp?.receive.map(bytesOf) ?? [] };
}

function rangeOf(status: string | number): StatusRange {
  const [, from, to = from] = rangeText.exec(String(status)) ?? [];
  return { from: Number(from), to: Number(to) };
}

function bytesOf({ text, hex = "" }: z.output<typeof payload>): Uint8Array {
  return text === undefined ? Uint8Array.from(Buffer.from(hex, "hex")) : new TextEncoder().encode(text);
}
