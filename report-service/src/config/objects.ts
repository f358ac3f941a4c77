import { flagGroup } from "./flag-group.ts";

/** How clients reach what is kept on disk by themselves. */
export type Objects = {
  readonly objectListen: string;
  /** What clients dial, where that is not what it listens on. */
  readonly objectUrl: URL | undefined;
  readonly urlKeys: string | undefined;
};

export const objects = flagGroup(
  [
    {
      name: "object-listen",
      default: "127.0.0.1:0",
      value: "HOST:PORT",
      help: "where the role objects serves what is on disk over HTTP, by signed URLs",
    },
    {
      name: "object-url",
      value: "URL",
      help: "where clients reach that, if not there; all servers that sign URLs need it then",
    },
    {
      name: "url-keys",
      value: "PATH",
      help: "the keys that sign these URLs, the newest first; made in --data where not given",
    },
  ],
  (flags): Objects => ({
    objectListen: flags.address("object-listen") ?? "",
    objectUrl: flags.url("object-url"),
    urlKeys: flags.get("url-keys"),
  }),
);
