import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, LichenError, toHex } from "@lichen/kernel";
import type { Deployment, Random, Signer } from "@lichen/ports";
import { addressOfPrivateKey, addressSchema, signDigest } from "@lichen/wire";
import { z } from "zod";
import { processRecord, runs } from "./processes.ts";
import { writeFileAtomically } from "./write-file-atomically.ts";

/**
 * Chain ids of local chains: this and the 2^24 above. Nobody has registered one there, and a random one
 * keeps a signature for one local chain from being worth anything on another.
 */
const firstChainId = 0x4c00_0000;

/** Who a local chain is: decided by chance at its first start, then kept. */
export type Identity = { chainId: number; deployer: Signer };

const identitySchema = z.object({
  version: z.literal(1),
  chainId: z.int().min(firstChainId),
  deployerKey: z.string().regex(/^0x[0-9a-f]{64}$/),
});

/**
 * Reads a home's identity, or makes one.
 * @throws {LichenError} `state-invalid` where the file is there but cannot be understood
 */
export async function openIdentity(dir: string, { random }: { random: Random }): Promise<Identity> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, "identity.json");
  const text = await readText(path);
  if (text !== undefined) return identityOf(parse(identitySchema, text, path));
  const [high = 0, middle = 0, low = 0] = random.bytes(3);
  const made = {
    version: 1 as const,
    chainId: firstChainId + (high << 16) + (middle << 8) + low,
    deployerKey: toHex(random.bytes(32)),
  };
  await writeFileAtomically(path, JSON.stringify(made));
  return identityOf(made);
}

function identityOf({ chainId, deployerKey }: z.infer<typeof identitySchema>): Identity {
  const key = fromHex(deployerKey, 32);
  return {
    chainId,
    deployer: { address: addressOfPrivateKey(key), sign: async (digest) => signDigest(digest, key) },
  };
}

const recordSchema = z.object({ pid: z.int().positive(), startTicks: z.int().nonnegative() });

/**
 * Takes a home for this process, so that two never run the same chain.
 * @throws {LichenError} `state-invalid` where a process that lives has it
 */
export async function takeHome(dir: string): Promise<void> {
  const path = join(dir, "owner.json");
  const text = await readText(path);
  // A damaged record protects nobody: its owner wrote it whole, or not at all.
  const owner = text === undefined ? undefined : recordSchema.safeParse(parseJson(text)).data;
  if (owner !== undefined && owner.pid !== process.pid && (await runs(owner))) {
    throw new LichenError("state-invalid", "another process runs this local chain", {
      details: `process ${owner.pid}, home ${dir}`,
      remedy: "Stop the other one first: `lichen down`.",
    });
  }
  await writeFileAtomically(path, JSON.stringify(await processRecord(process.pid)));
}

/** Lets go of a home. */
export async function leaveHome(dir: string): Promise<void> {
  await rm(join(dir, "owner.json"), { force: true });
}

/**
 * `deployment.json`: where the contracts are. The addresses follow from the home's random key, so they
 * name one chain only; block 1 is told for diagnosis.
 */
export type DeploymentFile = Deployment & { version: 1; blockOneHash: string };

const deploymentSchema: z.ZodType<DeploymentFile> = z.object({
  version: z.literal(1),
  chainId: z.int().positive(),
  token: addressSchema,
  nodes: addressSchema,
  channels: addressSchema,
  blockOneHash: z.string(),
});

/** The deployment of a home; undefined before it was made. */
export async function readDeployment(dir: string): Promise<DeploymentFile | undefined> {
  const path = join(dir, "deployment.json");
  const text = await readText(path);
  return text === undefined ? undefined : parse(deploymentSchema, text, path);
}

/** Writes `deployment.json`. */
export async function writeDeployment(dir: string, deployment: DeploymentFile): Promise<void> {
  await writeFileAtomically(
    join(dir, "deployment.json"),
    `${JSON.stringify(deployment, undefined, 2)}\n`,
    0o644,
  );
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new LichenError("state-invalid", "a file of the local chain cannot be read", {
      details: path,
      cause,
    });
  }
}

function parse<T>(schema: z.ZodType<T>, text: string, path: string): T {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new LichenError("state-invalid", "a file of the local chain cannot be understood", {
    details: `${path}: ${parsed.error.message}`,
    remedy: "Start over with an empty home: `lichen reset`. What was on the local chain is lost.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
