export {
  closedBreaker,
  failed,
  failuresToOpen,
  isAvailable,
  openForMaxMs,
  openForMs,
  type Breaker,
} from "./breaker.ts";
export { rank, type Candidate } from "./choose.ts";
