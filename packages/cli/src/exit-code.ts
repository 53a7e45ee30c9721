/** What the process ends with. `docs/cli.md` says it to users. */
export const exitCode = {
  /** Done, and the answer is yes: delivered, genuine, found. */
  ok: 0,
  /** Done, and the answer is no: a delivery was refused, a request is not genuine, there is no such thing. */
  no: 1,
  /** The command line is wrong; nothing was done. */
  usage: 2,
  /** It could not be done: no connection, an error of the provider's API, a store that does not open. */
  failed: 3,
  /** Ended by Ctrl-C, after what had begun was brought to its end. */
  interrupted: 130,
  /** Ended by SIGTERM, likewise. */
  terminated: 143,
} as const;

/** One of {@link exitCode}. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
