/** The terminal and the environment of whoever runs the demo; `process` is one. */
export type DemoIo = {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Env;
};

export type Env = Readonly<Record<string, string | undefined>>;
