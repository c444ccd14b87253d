import { LichenError, toLichenError, type Hex } from "@lichen/kernel";
import { decodeErrorResult, toFunctionSelector } from "viem/utils";
import { channelsAbi, nodesAbi, tokenAbi } from "./contracts.ts";
import { RpcRefusal } from "./rpc.ts";

/** Every error a call can end in: a token's error passes through the contract that called it. */
const errorsAbi = [...channelsAbi, ...nodesAbi, ...tokenAbi].filter((item) => item.type === "error");

const errorNames: ReadonlyMap<string, string> = new Map(
  errorsAbi.map((item) => [
    toFunctionSelector(`${item.name}(${item.inputs.map(({ type }) => type).join()})`),
    item.name,
  ]),
);

/**
 * A contract's error as people read it, such as `ChannelExists(0x12…)`.
 * @param data what the revert returned
 */
export function describeRevert(data: Hex): string {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorsAbi, data });
    return `${errorName}(${(args ?? []).join(", ")})`;
  } catch {
    return data === "0x" ? "reverted without a reason" : `unknown error ${data.slice(0, 10)}`;
  }
}

/** The name of an error by its selector, for claims that were skipped. */
export function errorNameOf(selector: Hex): string {
  // A selector stands alone in the event, without the arguments that decoding would ask for.
  return errorNames.get(selector) ?? selector;
}

/**
 * What a node's refusal means to a caller of the ledger.
 * @returns `transaction-failed` with the contract's own reason, or the node's
 */
export function transactionFailed(error: unknown): LichenError {
  if (!(error instanceof RpcRefusal)) return toLichenError(error);
  if (error.data !== undefined) {
    return new LichenError("transaction-failed", "the contract refused the transaction", {
      details: describeRevert(error.data),
      cause: error,
    });
  }
  const poor = /insufficient funds/i.test(error.message);
  return new LichenError("transaction-failed", "the chain refused the transaction", {
    details: error.message,
    ...(poor && { remedy: "Send the account some of the chain's own coin, which pays for gas." }),
    cause: error,
  });
}
