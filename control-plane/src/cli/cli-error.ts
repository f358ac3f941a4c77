/** Bad usage, or something that cannot be done: what, where and what to do. Ends a command with code 2. */
export class CliError extends Error {}
