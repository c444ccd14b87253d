/** Every bound of the host. Times in ms. */
export const bounds = {
  /** For one process to load its code, open its state and start, before the attempt counts as failed. */
  startMs: 300_000,
  /** For one process to stop in an orderly way, before it is killed. */
  stopMs: { gateway: 10_000, provider: 10_000, chain: 10_000 },
  /** For what an earlier, killed network left behind to end by itself, before it is killed. */
  orphanMs: 15_000,
  /** Restarts of one process within `restartWindowMs`; one more and it is given up. */
  restarts: 5,
  restartWindowMs: 120_000,
  /** Wait before the first restart; doubles up to `restartMaxMs`. */
  restartFirstMs: 250,
  restartMaxMs: 8_000,
  /** Providers in one local network. */
  providers: 16,
  /** Ports tried above the default one, where no port was asked for. */
  portTries: 20,
  /** Connections to the HTTP listener; further ones are closed at once. */
  connections: 2_048,
  /** For a client to send its headers, and its whole request. */
  headersMs: 10_000,
  requestMs: 30_000,
  /** For a client to take some of its answer, before it is cut off. */
  stallMs: 60_000,
  /** How long an idle connection is kept. */
  keepAliveMs: 65_000,
  /** How long answers may go on when the listener stops. */
  drainMs: 5_000,
  /** Size of one log file; two older ones are kept. */
  logBytes: 16_777_216,
  logFiles: 3,
  /** What is kept of a process's own output, for the case that it dies. */
  outputBytes: 8_192,
} as const;
