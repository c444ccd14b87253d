import { LichenError, type Hex } from "@lichen/kernel";
import type { Clock } from "@lichen/ports";

/** How often a call is tried before the chain counts as unavailable, over all addresses. */
const maxAttempts = 5;
/** Pause after the first failure; doubles with each. */
const firstBackoffMs = 100;
/** "Limit exceeded" (EIP-1474): the endpoint throttles, so the same call may pass later. */
const limitExceeded = -32005;

/** The node understood and refused: a revert, a bad nonce, too little money. */
export class RpcRefusal extends Error {
  override readonly name: string = "RpcRefusal";
  readonly rpcCode: number;
  /** What a revert returned, the contract's error encoded. */
  readonly data: Hex | undefined;

  constructor(rpcCode: number, message: string, data: Hex | undefined) {
    super(message);
    this.rpcCode = rpcCode;
    this.data = data;
  }
}

/** Speaks JSON-RPC (EIP-1474). */
export interface Rpc {
  /**
   * Asks, again after a growing pause when nobody answers, at the next address each time.
   * @throws {RpcRefusal} where the node refused
   * @throws {LichenError} `chain-unavailable`, retryable
   */
  call(method: string, params?: readonly unknown[], signal?: AbortSignal): Promise<unknown>;
}

/** Makes an `Rpc` over HTTP. */
export function createRpc(
  { clock }: { clock: Clock },
  options: { urls: readonly string[]; timeoutMs: number; attempts?: number },
): Rpc {
  const { urls, timeoutMs, attempts = maxAttempts } = options;
  let at = 0;
  return {
    async call(method, params = [], signal) {
      for (let attempt = 1; ; attempt++) {
        const url = urls[at % urls.length] as string;
        try {
          return await post(url, { method, params }, timeoutMs, signal);
        } catch (cause) {
          signal?.throwIfAborted();
          if (cause instanceof RpcRefusal && cause.rpcCode !== limitExceeded) throw cause;
          if (attempt >= attempts) throw unavailable(url, method, cause);
          at++;
          await clock.sleep(firstBackoffMs * 2 ** (attempt - 1), signal);
        }
      }
    },
  };
}

async function post(
  url: string,
  { method, params }: { method: string; params: readonly unknown[] },
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  // Some nodes send an error's body with a status other than 200; without a body the status is all there is.
  const answer = (await response.json().catch(() => undefined)) as
    | { result?: unknown; error?: { code?: unknown; message?: unknown; data?: unknown } }
    | undefined
    | null;
  if (answer?.error !== undefined && answer.error !== null) {
    const { code, message, data } = answer.error;
    throw new RpcRefusal(Number(code), String(message), revertData(data));
  }
  if (answer === undefined || answer === null || !("result" in answer)) {
    throw new Error(`no JSON-RPC answer, HTTP status ${response.status}`);
  }
  return answer.result;
}

/** Nodes put what a revert returned either into `data` or one level below. */
function revertData(data: unknown): Hex | undefined {
  if (typeof data === "string" && /^0x[0-9a-fA-F]*$/.test(data)) return data as Hex;
  return typeof data === "object" && data !== null && "data" in data ? revertData(data.data) : undefined;
}

function unavailable(url: string, method: string, cause: unknown): LichenError {
  return new LichenError("chain-unavailable", "the chain does not answer", {
    // Without credentials or keys that may stand in the address's path or query.
    details: `${method} at ${new URL(url).host}`,
    remedy: "Check that the chain runs and that its RPC address is right.",
    cause,
    retryable: true,
  });
}
