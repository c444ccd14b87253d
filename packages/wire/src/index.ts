export { channelId, type ChannelKey } from "./channel.ts";
export {
  cancelRequestSchema,
  closeRequestSchema,
  doneSchema,
  type CancelRequest,
  type CloseRequest,
} from "./control.ts";
export { describeRequestSchema, describeResponseSchema, type DescribeResponse } from "./describe.ts";
export { jsonDigest, keccak, taggedDigest } from "./hash.ts";
export {
  chatMessageSchema,
  digestOfRequest,
  inferEventSchema,
  inferRequestSchema,
  promptDigestOf,
  type ChatMessage,
  type InferEvent,
  type InferRequest,
  type Sampling,
} from "./infer.ts";
export {
  decodeLeaf,
  encodeLeaf,
  finishReasons,
  leafBytes,
  leafHash,
  outputDigest,
  promptDigest,
  requestDigest,
  type FinishReason,
  type Leaf,
} from "./leaf.ts";
export { merklePath, merkleRoot, merkleTree, rootOfPath, type MerkleTree } from "./merkle.ts";
export { decodeMessage, encodeMessage } from "./message.ts";
export { offerDigest, offerSchema, offerTopic, verifyOffer, type Offer, type OfferedModel } from "./offer.ts";
export {
  peerBindingDigest,
  peerBindingSchema,
  roles,
  verifyPeerBinding,
  type PeerBinding,
  type Role,
} from "./peer.ts";
export { costUnits, priceSchema, type Price } from "./price.ts";
export { receiptSchema, verifyReceipt, type Payment, type Receipt } from "./receipt.ts";
export {
  addressSchema,
  asciiSchema,
  digestSchema,
  leafSchema,
  signatureSchema,
  textSchema,
  unitsSchema,
} from "./scalars.ts";
export {
  channelKeySchema,
  channelRequestSchema,
  channelResponseSchema,
  settleRequestSchema,
  settleResponseSchema,
  signedVoucherSchema,
  signedWindowSchema,
  type ChannelRequest,
  type ChannelResponse,
  type SettleRequest,
  type SettleResponse,
  type SignedWindow,
} from "./settle.ts";
export { addressOf, addressOfPrivateKey, assertSigned, recoverSigner, signDigest } from "./signature.ts";
export { domainSeparator, structHasher, typedDigest, type LedgerDomain } from "./typed-data.ts";
export { assertVersion, protocolVersion } from "./version.ts";
export { voucherDigest, type SignedVoucher, type Voucher } from "./voucher.ts";
export { noReceipts, receiptsRoot, windowDigest, type Window } from "./window.ts";
