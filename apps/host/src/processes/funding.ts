import type { Hex } from "@lichen/kernel";
import type { Funding } from "./contract.ts";

// A local chain's money is play money: enough that nobody ever meets its end.
const nativeWei = 1_000n * 10n ** 18n;
const tokenUnits = 10n ** 12n;

/** What an account on the local chain starts with. */
export const startMoney = (account: Hex): Funding => ({ account, tokenUnits, nativeWei });
