import { type FlagReader, flagGroup } from "./flag-group.ts";

/** Files below `--data`, served over HTTP by servers of the role objects. */
export type DiskSettings = {
  readonly kind: "disk";
  readonly listen: string;
  /** What clients dial, where that is not what it listens on. */
  readonly url: URL | undefined;
  /** The file of the keys that sign URLs; in `--data` where not given. */
  readonly keys: string | undefined;
};

export type S3Settings = {
  readonly kind: "s3";
  readonly bucketUrl: URL;
  /** The bucket as clients reach it, where that is not `bucketUrl`. */
  readonly publicUrl: URL | undefined;
  readonly region: string;
  readonly prefix: string;
  /** A file of the form that AWS's tools use. */
  readonly credentials: string;
};

/** Where artifacts and uploads are, and how clients reach them by themselves. */
export type Objects = { readonly objects: DiskSettings | S3Settings };

const flagList = [
  { name: "objects", default: "disk", value: "WHICH", help: "what keeps artifacts and uploads: disk or s3" },
  {
    name: "object-listen",
    default: "127.0.0.1:0",
    value: "HOST:PORT",
    help: "disk: where the role objects serves them over HTTP, by signed URLs",
  },
  {
    name: "object-url",
    value: "URL",
    help: "disk: where clients reach that, if not there; servers that only sign URLs need it",
  },
  {
    name: "url-keys",
    value: "PATH",
    help: "disk: the keys that sign URLs, the newest first; made in --data where not given",
  },
  {
    name: "s3-bucket",
    value: "URL",
    help: "s3: the bucket, https://NAME.s3.REGION.amazonaws.com, or https://HOST/NAME of another store",
  },
  { name: "s3-public-bucket", value: "URL", help: "s3: the same bucket as clients reach it, if otherwise" },
  { name: "s3-region", default: "us-east-1", value: "NAME", help: "s3: its region, as signatures name it" },
  { name: "s3-prefix", default: "", value: "TEXT", help: "s3: before all keys, such as weir/, to share a bucket" },
  {
    name: "s3-credentials",
    value: "PATH",
    help: "s3: its keys, in a file like ~/.aws/credentials; read again when it changes",
  },
] as const;

export const objects = flagGroup(flagList, (flags): Objects => {
  const kind = flags.oneOf("objects", ["disk", "s3"]);
  return { objects: kind === "disk" ? diskSettings(flags) : s3Settings(flags) };
});

type Flags = FlagReader<(typeof flagList)[number]["name"]>;

function diskSettings(flags: Flags): DiskSettings {
  return {
    kind: "disk",
    listen: flags.address("object-listen") ?? "",
    url: flags.url("object-url"),
    keys: flags.get("url-keys"),
  };
}

function s3Settings(flags: Flags): S3Settings {
  const bucketUrl = flags.url("s3-bucket");
  if (flags.get("s3-bucket") === undefined) flags.say("s3-bucket", "is required with --objects s3");
  const credentials = flags.get("s3-credentials");
  if (credentials === undefined) flags.say("s3-credentials", "is required with --objects s3");
  const prefixSays = "must consist of letters, digits, '.', '_', '-' and '/', and end with '/'";
  return {
    kind: "s3",
    bucketUrl: bucketUrl ?? new URL("http://unknown"),
    publicUrl: flags.url("s3-public-bucket"),
    region: flags.matching("s3-region", /^[\w-]+$/, "must be a name such as eu-central-1") ?? "",
    prefix: flags.matching("s3-prefix", /^([\w.-]+\/)*$/, prefixSays) ?? "",
    credentials: credentials ?? "",
  };
}
