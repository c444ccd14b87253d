/** What the shell is told. */
export const exitCodes = {
  ok: 0,
  /** The command failed; stderr says why. */
  failed: 1,
  /** The command line made no sense. */
  usage: 2,
  /** No network runs in this home. */
  notRunning: 3,
  /** Ended by Ctrl-C before it was done. */
  interrupted: 130,
} as const;
