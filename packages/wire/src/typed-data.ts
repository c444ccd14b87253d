import { concat, fromHex, utf8, type Hex } from "@lichen/kernel";
import { keccak } from "./hash.ts";

/** What binds a signature to one deployment, so that it is worth nothing on another (EIP-712). */
export type LedgerDomain = {
  chainId: number;
  /** Address of the `Channels` contract. */
  channels: Hex;
};

const word = (value: bigint): Uint8Array => fromHex(`0x${value.toString(16).padStart(64, "0")}`, 32);
const typeHash = (type: string): Uint8Array => keccak(utf8(type));

const domainType = typeHash(
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
);
const domainName = keccak(utf8("Lichen"));
const domainVersion = keccak(utf8("1"));

/** A value as one 32-byte word of the ABI: hexadecimal is padded on the left, numbers are unsigned. */
export type Word = Hex | bigint | number;

function encodeWord(value: Word): Uint8Array {
  return word(BigInt(value));
}

/** Maker of `hashStruct` for a type whose members are all static (EIP-712). */
export function structHasher(type: string): (...members: readonly Word[]) => Uint8Array {
  const hash = typeHash(type);
  return (...members) => keccak(concat(hash, ...members.map(encodeWord)));
}

/** The digest that is signed: `keccak256(0x19 0x01 || domain separator || hashStruct)`. */
export function typedDigest(domain: LedgerDomain, structHash: Uint8Array): Uint8Array {
  return keccak(concat(Uint8Array.of(0x19, 0x01), domainSeparator(domain), structHash));
}

/** The separator that the contract computes in its constructor. */
export function domainSeparator(domain: LedgerDomain): Uint8Array {
  return keccak(
    concat(domainType, domainName, domainVersion, encodeWord(domain.chainId), encodeWord(domain.channels)),
  );
}
