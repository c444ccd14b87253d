import type { Hex } from "@lichen/kernel";
import type { Deployment, Token } from "@lichen/ports";
import type { ListenAt } from "../listen/port.ts";
import type { Page } from "../listen/page.ts";

/** What every process is told first. */
export type BaseConfig = { name: string; logs: string; keys: string };

/** What speaking to the chain takes. */
export type ChainInfo = { rpcUrl: string; deployment: Deployment; token: Token };

/** An account, and the least that it shall hold. */
export type Funding = { account: Hex; tokenUnits: bigint; nativeWei: bigint };

export type ChainConfig = BaseConfig & { dir: string; port: number };

/** The process that owns the local chain. */
export type ChainMethods = {
  start(config: ChainConfig): Promise<ChainInfo>;
  /** Raises an account to this; asking twice gives nothing twice. */
  fund(funding: Funding): Promise<void>;
};

export type ProviderConfig = BaseConfig & { dir: string; modelFile: string; cache: string; threads: number };

/** A process that serves a model. `prepare` needs no chain, so it runs while the chain comes up. */
export type ProviderMethods = {
  prepare(config: ProviderConfig): Promise<{ account: Hex; model: { id: Hex; name: string } }>;
  start(chain: ChainInfo): Promise<void>;
};

export type GatewayConfig = BaseConfig & {
  dir: string;
  apiKey: string;
  version: string;
  listen: ListenAt;
  page: Page;
};

/** The process that clients speak to. */
export type GatewayMethods = {
  prepare(config: GatewayConfig): Promise<{ account: Hex; port: number }>;
  /** `providers`: how many run, so that it counts as ready only when it has met them. */
  start(options: { chain: ChainInfo; providers: number }): Promise<void>;
};
