/** A place that tells clients where this server is. Each method rejects where the place cannot be reached or refuses. */
export type Registrar = {
  /** In words, for messages: `the registry at http://127.0.0.1:18080`. */
  readonly place: string;
  /** Registers, or renews what is registered. */
  register(signal: AbortSignal): Promise<void>;
  /** Removes the registration and returns once clients are known, or must be taken, to have left. */
  leave(signal: AbortSignal): Promise<void>;
};

/** What is registered. */
export type Instance = {
  readonly service: string;
  readonly id: string;
  /** `host:port` that clients dial. */
  readonly address: string;
  /** `dc-a/z1`. */
  readonly locality: string;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly leaseSeconds: number;
};

/** What registration has to tell. */
export type PresenceNote =
  | { readonly kind: "registered"; readonly place: string }
  | { readonly kind: "registration-failed"; readonly place: string; readonly cause: Error; readonly retryInMs: number }
  | { readonly kind: "left"; readonly place: string }
  | { readonly kind: "leave-failed"; readonly place: string; readonly cause: Error };
