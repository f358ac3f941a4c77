export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** One bucket, or what is below a prefix in it. */
export type S3Settings = {
  /** The bucket's own URL: `https://reports.s3.eu-central-1.amazonaws.com`, or `https://storage.example:9000/reports`. */
  readonly bucketUrl: URL;
  /** Where clients reach it, where that is not `bucketUrl`. */
  readonly publicUrl: URL | undefined;
  readonly region: string;
  /** Before every key, such as `weir/`; may be empty. */
  readonly prefix: string;
};
