import type { Hex } from "@lichen/kernel";
import type { Abi, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from "viem";
import { decodeFunctionResult, encodeFunctionData } from "viem/utils";
import { transactionFailed } from "./faults.ts";
import { RpcRefusal, type Rpc } from "./rpc.ts";
import type { Sender } from "./sender.ts";

type View = "pure" | "view";

/** A call of a contract's view function. */
export type ViewCall<
  abi extends Abi,
  name extends ContractFunctionName<abi, View>,
  args extends ContractFunctionArgs<abi, View, name>,
> = { address: Hex; abi: abi; functionName: name; args?: args };

/** Questions to the chain, answered for its newest block. */
export interface Reader {
  /** @throws {LichenError} `chain-unavailable`, `transaction-failed` */
  ask(method: string, params: readonly unknown[]): Promise<unknown>;
  /** Calls a view function. Throws like `ask`. */
  read<
    const abi extends Abi,
    name extends ContractFunctionName<abi, View>,
    const args extends ContractFunctionArgs<abi, View, name>,
  >(
    call: ViewCall<abi, name, args>,
  ): Promise<ContractFunctionReturnType<abi, View, name, args>>;
}

/**
 * A reader that first sees to a transaction whose end is unknown: else a caller would read that it was
 * not mined, ask for the same again, and have it twice.
 */
export function createReader(rpc: Rpc, sender: Sender, signal: AbortSignal): Reader {
  const ask = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (sender.owing) await sender.resend(signal);
    try {
      return await rpc.call(method, params, signal);
    } catch (error) {
      throw error instanceof RpcRefusal ? transactionFailed(error) : error;
    }
  };
  return {
    ask,
    async read(call) {
      // viem infers nothing through a generic pass-through; the signature above is what callers see.
      const plain = call as unknown as {
        address: Hex;
        abi: Abi;
        functionName: string;
        args?: readonly unknown[];
      };
      const data = (await ask("eth_call", [
        { to: plain.address, data: encodeFunctionData(plain) },
        "latest",
      ])) as Hex;
      return decodeFunctionResult({ ...plain, data }) as never;
    },
  };
}
