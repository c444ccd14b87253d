/**
 * Every error code of Lichen, with what it means and what to do. Tests assert codes, never words;
 * `docs/ERRORS.md` is generated from this table (`npm run docs:errors`). Alphabetical.
 */
export const codes = {
  "already-running": "A network already runs in this home.",
  "bad-argument": "A function was called with a value outside its contract.",
  "bad-frame": "A peer sent bytes that are not a valid frame: the connection is closed.",
  "bad-message": "A message does not fit its schema.",
  "bad-signature": "A signature does not belong to the key it claims.",
  cancelled: "The other side left before the answer was complete.",
  "chain-mismatch": "The chain behind the RPC address is not the one this node was set up for.",
  "chain-unavailable": "The chain cannot be reached.",
  "channel-unknown": "The payment channel does not exist on the chain.",
  closed: "The component was stopped; the call came too late.",
  "context-overflow": "Prompt and answer do not fit the model's context.",
  "deposit-exhausted": "The channel's deposit does not cover the request.",
  "engine-failed": "The inference engine stopped working on this request.",
  "gateway-refused": "The gateway answered a request with an error.",
  internal: "A defect in Lichen.",
  "limit-exceeded": "A named bound was reached; the request was refused, nothing was lost.",
  "model-invalid": "A model file cannot be read.",
  "model-unknown": "No provider serves the model.",
  "no-credit": "The provider's window is full until the last one is paid.",
  "not-running": "No network runs in this home.",
  "payment-rejected": "The payment offered does not satisfy the provider.",
  "peer-unreachable": "The peer cannot be reached.",
  "port-in-use": "Another process listens on the port.",
  "process-failed": "A process of the network did not come up, or died too often.",
  "receipt-invalid": "A receipt does not prove what it claims.",
  "state-invalid": "State on disk is unreadable or belongs to something else.",
  "transaction-failed": "The chain refused or reverted a transaction.",
  "unsupported-platform": "Lichen has not been tried on this platform.",
  "version-unsupported": "The other side speaks a version that this one does not.",
  "voucher-stale": "A voucher is not newer than the one held already.",
} as const;

/** One of the catalogue's codes. */
export type ErrorCode = keyof typeof codes;
