/** Where and how a client reaches one object by itself. */
export type SignedUrl = {
  readonly url: string;
  /** To be sent along, as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
};

/** What a client has announced of the bytes that it will send. */
export type Announced = {
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
};

/** Lets clients read and write single objects without this service; who has such a URL needs nothing else. */
export type SignedUrls = {
  /** Takes what was announced and nothing else, as far as the object store can tell. */
  put(key: string, announced: Announced, validMs: number): Promise<SignedUrl>;
  /** `fileName` is what a browser saves it as. */
  get(key: string, as: { readonly fileName: string; readonly mediaType: string }, validMs: number): Promise<SignedUrl>;
};
