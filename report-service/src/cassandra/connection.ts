import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { auth, type ClientOptions } from "cassandra-driver";
import { passwordIn } from "../lib/password-in.ts";
import { readTlsFiles } from "../lib/tls-files.ts";
import type { CassandraSettings } from "./settings.ts";

type Connection = Pick<ClientOptions, "contactPoints" | "localDataCenter" | "sslOptions" | "authProvider">;

/**
 * How the driver reaches these nodes. Certificates are read now, and throw where they cannot be; a password file is read at
 * each login, so that a new password needs no restart.
 */
export function connectionTo({ contactPoints, datacenter, tls, credentials }: CassandraSettings): Connection {
  return {
    contactPoints: [...contactPoints],
    localDataCenter: datacenter,
    ...(tls && {
      sslOptions: {
        ...readTlsFiles(tls, "--store cassandras://…"),
        // The driver's own default is to trust anybody.
        rejectUnauthorized: true,
        checkServerIdentity: identityCheckOf(contactPoints),
      },
    }),
    ...(credentials && {
      authProvider:
        "password" in credentials
          ? new auth.PlainTextAuthProvider(credentials.user, credentials.password)
          : new PasswordFileProvider(credentials.user, credentials.passwordFile),
    }),
  };
}

/**
 * The driver connects to addresses only: those that the names of contact points have, and those that nodes tell of each other.
 * A certificate for one of the names is as good as one for the address: whoever has it is whom the URL means.
 */
function identityCheckOf(contactPoints: readonly string[]): typeof checkServerIdentity {
  const names = contactPoints.map((point) => point.replace(/:\d+$/, "")).filter((host) => isIP(host) === 0);
  return (address, certificate) => {
    const differs = checkServerIdentity(address, certificate);
    return names.some((name) => checkServerIdentity(name, certificate) === undefined) ? undefined : differs;
  };
}

// The driver takes providers of its own classes only.
class PasswordFileProvider extends auth.PlainTextAuthProvider {
  readonly #user: string;
  readonly #file: string;

  constructor(user: string, file: string) {
    super(user, "");
    this.#user = user;
    this.#file = file;
  }

  override newAuthenticator(endpoint: string, name: string): auth.Authenticator {
    const authenticator = super.newAuthenticator(endpoint, name);
    return {
      initialResponse: (callback) => {
        passwordIn(this.#file).then(
          (password) =>
            new auth.PlainTextAuthProvider(this.#user, password)
              .newAuthenticator(endpoint, name)
              .initialResponse(callback),
          (cause: Error) =>
            callback(new Error(`password-file=${this.#file} cannot be read: ${cause.message}`, { cause })),
        );
      },
      evaluateChallenge: (challenge, callback) => authenticator.evaluateChallenge(challenge, callback),
      onAuthenticationSuccess: (token) => authenticator.onAuthenticationSuccess(token),
    };
  }
}
