/** Bounds that more than one room must agree on. At each there is a refusal, never a silent loss. */
export const limits = {
  /** A frame between two peers. */
  frameBytes: 1 << 20,
  /** An HTTP request's body. */
  httpBodyBytes: 1 << 20,
  /** Messages in one chat request. */
  chatMessages: 256,
  /** Characters of prompt in one request, over all messages. */
  promptChars: 262_144,
  /** Stop sequences in one request, as OpenAI's API allows. */
  stopSequences: 4,
  /** Leaves in one window, so that a closing message fits a frame. */
  windowLeaves: 1024,
  /** An endpoint as registered on the chain. */
  endpointBytes: 256,
  /** A gossiped offer. */
  offerBytes: 4096,
  /** Largest amount a voucher can carry: uint96, as the contract stores it. */
  voucherUnits: (1n << 96n) - 1n,
} as const;
