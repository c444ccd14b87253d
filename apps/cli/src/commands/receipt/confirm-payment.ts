import { LichenError } from "@lichen/kernel";
import { channelId, type Payment, type Receipt } from "@lichen/wire";
import { z } from "zod";

const rpcMs = 10_000;

const transactionSchema = z.object({
  status: z.string(),
  blockNumber: z.string(),
  logs: z.array(z.object({ address: z.string(), topics: z.array(z.string()), data: z.string() })),
});

/**
 * Looks a receipt's payment up on its chain: the transaction succeeded, in that block, and the
 * channels contract recorded in it something about this channel.
 *
 * @throws {LichenError} `chain-unavailable`, `chain-mismatch`, `receipt-invalid`
 */
export async function confirmPayment(
  { domain, key }: Receipt,
  payment: Payment,
  rpcUrl: string,
): Promise<void> {
  const chainId = Number(await rpc(rpcUrl, "eth_chainId", []));
  if (chainId !== domain.chainId) {
    throw new LichenError(
      "chain-mismatch",
      `the receipt is of chain ${domain.chainId}, ${rpcUrl} is chain ${chainId}`,
    );
  }
  const found = transactionSchema
    .nullable()
    .safeParse(await rpc(rpcUrl, "eth_getTransactionReceipt", [payment.transaction]));
  const transaction = found.success ? found.data : undefined;
  must(transaction !== undefined && transaction !== null, "the chain does not know the transaction");
  must(transaction.status === "0x1", "the transaction was reverted");
  must(
    Number(transaction.blockNumber) === payment.blockNumber,
    `the transaction is in block ${Number(transaction.blockNumber)}`,
  );
  const id = channelId(key);
  const ours = transaction.logs.filter(
    ({ address, topics }) => address.toLowerCase() === domain.channels && topics.includes(id),
  );
  must(ours.length > 0, "the transaction paid nothing out of this channel");
}

function must(condition: boolean, details: string): asserts condition {
  if (!condition)
    throw new LichenError("receipt-invalid", "the chain does not confirm the payment", { details });
}

async function rpc(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(rpcMs),
    });
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error !== undefined) throw new Error(answer.error.message);
    return answer.result;
  } catch (cause) {
    throw new LichenError("chain-unavailable", `the chain at ${url} does not answer`, {
      details: String(cause),
      cause,
      retryable: true,
    });
  }
}
