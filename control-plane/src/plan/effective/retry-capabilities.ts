import { parseDuration } from "../../policy/documents/duration.ts";
import { approximated, type Capability, capability, envoys, ignored, since, tried } from "./capability.ts";

const envoy = envoys("HTTP routing, retry semantics");
const pickedAnew = ignored("a retry is picked like any call", "gRFC A6");
const byCodes = ignored("gRPC status codes are all that it retries by", "gRFC A44");

/** Codes are in capitals, Envoy's conditions are not. */
const conditionsToo = {
  says: "HTTP conditions",
  holds: (value: unknown) => Array.isArray(value) && value.some((each) => /[a-z]/.test(String(each))),
};

const isShort = { says: "1ms", holds: (value: unknown) => (parseDuration(String(value)) ?? 2) < 2 };
const fiveOrMore = { says: "5 or more", holds: (value: unknown) => Number(value) >= 5 };
const aSecondOrMore = { says: "1s or more", holds: (value: unknown) => (parseDuration(String(value)) ?? 0) >= 1_000 };

/** What is tried again, below a field that says so. */
export function retryCapabilities(field: string): readonly Capability[] {
  return [
    capability(`${field}.attempts`, {
      where: fiveOrMore,
      envoy,
      grpc: tried("A44", "five tries in all, whatever is asked"),
      go: tried("A44"),
    }),
    capability(`${field}.attempts`, { envoy, grpc: tried("A44") }),
    capability(`${field}.retryOn`, {
      where: conditionsToo,
      envoy,
      grpc: since("A44", undefined, approximated("the gRPC status codes among them", "gRFC A44")),
    }),
    capability(`${field}.retryOn`, { envoy, grpc: since("A44") }),
    capability(`${field}.retriableStatusCodes`, { envoy, grpc: byCodes }),
    capability(`${field}.retriableHeaders`, { envoy, grpc: byCodes }),
    ...["perTryTimeout", "perTryIdleTimeout"].map((name) =>
      capability(`${field}.${name}`, {
        envoy,
        grpc: ignored("only the deadline of the whole call holds", "gRFC A44"),
      }),
    ),
    ...["baseInterval", "maxInterval"].flatMap((name) => [
      capability(`${field}.backOff.${name}`, {
        where: aSecondOrMore,
        envoy,
        grpc: since("A44"),
        node: since("A44", undefined, approximated("999ms: it takes 1s for 10s", "measured")),
      }),
      capability(`${field}.backOff.${name}`, {
        where: isShort,
        envoy,
        grpc: since("A44"),
        core: since("A44", undefined, approximated("2ms: its calls hang when they are to wait for 1ms", "measured")),
      }),
      capability(`${field}.backOff.${name}`, { envoy, grpc: since("A44") }),
    ]),
    capability(`${field}.rateLimitedBackOff`, {
      whole: true,
      envoy,
      grpc: ignored("backOff holds, unless the server says grpc-retry-pushback-ms", "gRFC A6"),
    }),
    capability(`${field}.otherHost`, { envoy, grpc: pickedAnew }),
    capability(`${field}.hostSelectionAttempts`, { envoy, grpc: pickedAnew }),
    capability(`${field}.otherPriority`, { whole: true, envoy, grpc: pickedAnew }),
  ];
}
