/** An answer of the object store that is an error. */
export class S3Error extends Error {
  readonly status: number;
  /** S3's word for it, such as `NoSuchKey`; empty where there is none. */
  readonly code: string;

  constructor(what: string, status: number, code: string, says: string) {
    super(`the object store answered ${status}${code && ` ${code}`} to ${what}${says && `: ${says}`}`);
    this.status = status;
    this.code = code;
  }
}

/** Whether there is no such object. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3Error && error.status === 404;
}
