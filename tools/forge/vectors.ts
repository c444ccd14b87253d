import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AbiParameters, Address, Hash, Hex, Secp256k1, Signature, TypedData } from "ox";
import { rootPath } from "./forge.ts";

// Made with ox, which neither the contracts nor packages/wire use for this: three independent hands must
// agree on a digest.

/** Where the contract's and the wire's tests find the vectors. */
const vectorsPath = join(rootPath, "contracts/test/vectors/voucher.json");

const types = {
  Voucher: [
    { name: "channelId", type: "bytes32" },
    { name: "amount", type: "uint96" },
    { name: "receiptsRoot", type: "bytes32" },
  ],
} as const;

/** What tells the vectors apart; each meets an edge. */
const cases: readonly { chainId: number; key: bigint; salt: Hex.Hex; amount: bigint; root: Hex.Hex }[] = [
  { chainId: 31_337, key: 1n, salt: Hex.fromNumber(0, { size: 32 }), amount: 1n, root: Hash.keccak256("0x") },
  {
    chainId: 31_337,
    key: 0xa11cen,
    salt: Hash.keccak256("0x01"),
    amount: 40_000_000n,
    root: Hash.keccak256("0x02"),
  },
  {
    chainId: 1,
    key: 0xb0bn,
    salt: Hash.keccak256("0x03"),
    amount: 2n ** 64n,
    root: Hex.fromNumber(0, { size: 32 }),
  },
  {
    chainId: 8_453,
    key: 0xc0ffeen,
    salt: `0x${"ff".repeat(32)}`,
    amount: 2n ** 96n - 1n,
    root: `0x${"ff".repeat(32)}`,
  },
  {
    chainId: 4_294_967_295,
    // The largest key there is: the group's order less one.
    key: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140n,
    salt: Hash.keccak256("0x04"),
    amount: 123_456_789n,
    root: Hash.keccak256("0x05"),
  },
];

/** One vector, every field as hexadecimal or decimal text. */
function makeVector({
  chainId,
  key,
  salt,
  amount,
  root,
}: (typeof cases)[number]): Record<string, string | number> {
  const privateKey = Hex.fromNumber(key, { size: 32 });
  const payer = Address.fromPublicKey(Secp256k1.getPublicKey({ privateKey }));
  const payee = Hex.slice(Hash.keccak256(Hex.concat("0x01", salt)), 12);
  const verifyingContract = Hex.slice(Hash.keccak256(Hex.concat("0x02", root)), 12);
  const parameters = AbiParameters.from("address, address, bytes32");
  const channelId = Hash.keccak256(AbiParameters.encode(parameters, [payer, payee, salt]));
  const digest = TypedData.getSignPayload({
    domain: { name: "Lichen", version: "1", chainId, verifyingContract },
    types,
    primaryType: "Voucher",
    message: { channelId, amount, receiptsRoot: root },
  });
  const signature = Secp256k1.sign({ payload: digest, privateKey });
  const { r, s, yParity } = signature;
  return {
    chainId,
    verifyingContract,
    payer,
    payee,
    salt,
    channelId,
    amount: amount.toString(),
    receiptsRoot: root,
    digest,
    privateKey,
    signature: Signature.toHex(signature),
    r: Hex.fromNumber(r, { size: 32 }),
    vs: Hex.fromNumber(s | (BigInt(yParity) << 255n), { size: 32 }),
  };
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const note = "Vouchers signed with ox; made by tools/forge/vectors.ts. The keys are for tests only.";
const text = `${JSON.stringify({ note, vectors: cases.map(makeVector) }, undefined, 2)}\n`;
if (!values.check) {
  writeFileSync(vectorsPath, text);
} else if (readFileSync(vectorsPath, "utf8") !== text) {
  console.error("contracts/test/vectors/voucher.json is not what ox makes\nrun: node tools/forge/vectors.ts");
  process.exitCode = 1;
}
