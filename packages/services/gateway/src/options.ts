/** What an operator sets. Times in ms, amounts in the token's smallest unit. */
export type GatewayOptions = {
  /** The one key that clients present as `Authorization: Bearer`. */
  apiKey: string;
  /** Size of one deposit in a channel. */
  depositUnits: bigint;
  /** Tokens answered when a client names no maximum. */
  defaultMaxTokens: number;
  /** Channels open at the same time: so many deposits may be locked. */
  maxChannels: number;
  /** How long a connected provider may leave what it served unbilled before its channel is given up. */
  unbilledMs: number;
  /** Requests that may wait for a provider; beyond it 429. */
  maxWaiting: number;
  /** How long one may wait for a provider with credit. */
  waitForProviderMs: number;
  /** How long for the first token, queueing at the provider included. */
  firstTokenMs: number;
  /** How long between two tokens. */
  nextTokenMs: number;
  /** How long for the leaf after a client went away, so that what was made is still paid. */
  cancelGraceMs: number;
  /** How often the registry on the chain is read. */
  discoverEveryMs: number;
  /** How often the chain is asked what was claimed and withdrawn. */
  watchEveryMs: number;
};

/** What holds unless an operator says otherwise. */
export const gatewayDefaults: Omit<GatewayOptions, "apiKey"> = {
  depositUnits: 1_000_000n,
  maxChannels: 64,
  unbilledMs: 60_000,
  defaultMaxTokens: 256,
  maxWaiting: 1024,
  waitForProviderMs: 10_000,
  firstTokenMs: 30_000,
  nextTokenMs: 30_000,
  cancelGraceMs: 5_000,
  discoverEveryMs: 5_000,
  watchEveryMs: 2_000,
};
