import { errors, types } from "cassandra-driver";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import type { CassandraSettings } from "./settings.ts";

const retryAfterMs = 1_000;

const { responseErrorCodes: codes } = types;
// https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v5.spec: CAS_WRITE_UNKNOWN
const casWriteUnknown = 0x1700;
const unavailableCodes: readonly number[] = [
  casWriteUnknown,
  ...[codes.unavailableException, codes.overloaded, codes.isBootstrapping, codes.truncateError],
  ...[codes.writeTimeout, codes.readTimeout, codes.readFailure, codes.writeFailure],
];

/** StoreUnavailable where Cassandra cannot answer; any other error as it is. */
export function failureOf(error: unknown, { tls }: Pick<CassandraSettings, "tls">): unknown {
  const cannotGoOn =
    error instanceof errors.NoHostAvailableError ||
    error instanceof errors.OperationTimedOutError ||
    error instanceof errors.BusyConnectionError ||
    isLostConnection(error) ||
    (error instanceof errors.ResponseError && unavailableCodes.includes(error.code));
  if (!cannotGoOn) return error;
  const reasons = error instanceof errors.NoHostAvailableError ? reasonsOf(error, tls !== undefined) : error.message;
  return new StoreUnavailable(`Cassandra is not available: ${reasons}`, retryAfterMs, error);
}

// What the driver has no class for: the connection ended while a statement was on it that it may not repeat by itself.
function isLostConnection(error: unknown): error is Error {
  return error instanceof Error && "isSocketError" in error;
}

/** Of each node that was tried; of those that it takes to be down the driver says nothing. */
function reasonsOf({ message, innerErrors }: errors.NoHostAvailableError, isSecure: boolean): string {
  const tried = Object.entries(innerErrors ?? {});
  if (tried.length === 0) return message;
  return tried.map(([address, error]) => `${address}: ${reasonOf(error, isSecure)}`).join("; ");
}

function reasonOf(error: unknown, isSecure: boolean): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  // OpenSSL's own words, without where in its source they stand.
  const says = code.startsWith("ERR_SSL_") && "reason" in error ? String(error.reason) : error.message;
  const todo = error instanceof errors.AuthenticationError ? asWhom : adviceOn(code, isSecure);
  return todo === undefined ? says : `${says} (${todo})`;
}

const asWhom = "--store says as whom, by USER@HOST and password-file=FILE";

// By the codes of Node and OpenSSL. What Cassandra sends where it asks for a certificate: seen with 5.0.5, whose
// certificate_required is where there is none, and internal_error where it does not trust its authority.
const advice: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|CERT_SIGNATURE_FAILURE/,
    "its certificate is of none of the authorities that ca=FILE of --store holds, or of Node's where there is no ca",
  ],
  [/ERR_TLS_CERT_ALTNAME_INVALID/, "its certificate has to name its address, or a host that --store names"],
  [
    /_ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN)/,
    "it wants a client certificate of an authority that it trusts: cert=FILE&key=FILE of --store",
  ],
  [
    /_ALERT_(INTERNAL_ERROR|HANDSHAKE_FAILURE)/,
    "so it is where it does not trust the authority of the client certificate, cert=FILE of --store",
  ],
  [/ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/, "it speaks no TLS there: cassandra:// is without"],
];

function adviceOn(code: string, isSecure: boolean): string | undefined {
  if (code === "ECONNRESET" && !isSecure) return "so it is where it wants TLS: cassandras://";
  return advice.find(([codes]) => codes.test(code))?.[1];
}
