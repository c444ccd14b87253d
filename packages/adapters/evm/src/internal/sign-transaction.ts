import { fromHex, type Hex } from "@lichen/kernel";
import type { Signer } from "@lichen/ports";
import { keccak } from "@lichen/wire";
import { keccak256, serializeTransaction } from "viem/utils";

/** A transaction of today's kind (EIP-1559); without `to` it deploys a contract. */
export type Transaction = {
  chainId: number;
  nonce: number;
  to: Hex | undefined;
  data: Hex;
  gas: bigint;
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
};

/** Signs through the port, which sees the digest only; the raw bytes and their hash. */
export async function signTransaction(
  signer: Signer,
  transaction: Transaction,
): Promise<{ raw: Hex; hash: Hex }> {
  const { to, ...rest } = transaction;
  const unsigned = { type: "eip1559" as const, ...rest, ...(to !== undefined && { to }) };
  const signature = await signer.sign(keccak(fromHex(serializeTransaction(unsigned))));
  const raw = serializeTransaction(unsigned, {
    r: signature.slice(0, 66) as Hex,
    s: `0x${signature.slice(66, 130)}`,
    yParity: Number.parseInt(signature.slice(130), 16) - 27,
  });
  return { raw, hash: keccak256(raw) };
}
