export { checkClaims, checkUnits } from "./check-ledger.ts";
export { checkKey, checkQuery, checkWrites } from "./check-store.ts";
export { ask } from "./ask.ts";
export { within } from "./deadline.ts";
export type { Clock } from "./clock.ts";
export type { Engine, EngineEvent, EngineModel, EngineRequest } from "./engine.ts";
export type { HttpRequest, HttpResponse, HttpService, HttpStream, Route } from "./http.ts";
export { compareKeys, keyAfterPrefix } from "./key-order.ts";
export type {
  ChannelState,
  Claim,
  ClaimedEvent,
  ClaimOutcome,
  Deployment,
  Ledger,
  Mined,
  NodeRecord,
  Token,
} from "./ledger.ts";
export { maxClaims } from "./ledger.ts";
export type { Log } from "./log.ts";
export type { Handler, Incoming, Network, Peer, PeerEvent } from "./network.ts";
export { allRows, parseRow } from "./rows.ts";
export type { Random } from "./random.ts";
export type { Signer } from "./signer.ts";
export type { Row, RowQuery, Store, Write } from "./store.ts";
export { MAX_WAITING_REQUESTS, SlotLine } from "./slot-line.ts";
export { StopCutter } from "./stop-cutter.ts";
