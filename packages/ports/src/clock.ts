/** Time, given from outside so that a simulation can own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /**
   * Waits.
   * @throws the signal's reason when aborted
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
