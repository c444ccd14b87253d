/** Bounds that more than one room must agree on. At each there is a refusal, never a silent loss. */
export const limits = {
  /** A frame between two peers. */
  frameBytes: 1_048_576,
  /** An HTTP request's body. */
  httpBodyBytes: 1_048_576,
  /** Messages in one chat request. */
  chatMessages: 256,
  /** Characters of prompt in one request, over all messages. */
  promptChars: 262_144,
  /** Stop sequences in one request, as OpenAI's API allows. */
  stopSequences: 4,
  /** Characters of one stop sequence. */
  stopChars: 256,
  /** Leaves in one window, so that a closing message fits a frame. */
  windowLeaves: 1024,
  /** An endpoint as registered on the chain. */
  endpointBytes: 256,
  /** A gossiped offer. */
  offerBytes: 4096,
  /** Largest amount a voucher can carry: 2^96 - 1, as the contract stores it. */
  voucherUnits: 79_228_162_514_264_337_593_543_950_335n,
  /** A key in a store, as UTF-8. */
  storeKeyBytes: 1024,
  /** A value in a store, as UTF-8. */
  storeValueBytes: 8_388_608,
  /** Writes in one commit. */
  storeWrites: 10_000,
  /** Rows that one listing returns. */
  storeRows: 10_000,
  /** Commits of a store that wait to be written. */
  storePending: 20_000,
  /** Bytes asked of a source of randomness at once, as Web Crypto bounds it. */
  randomBytes: 65_536,
} as const;
