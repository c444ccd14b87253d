import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { memorySource, readGguf, ggufText, tensorSizeBytes } from "@lichen/model";

/** Longer than any of these runs takes on a busy machine. */
const RUN_TIMEOUT_MS = 120_000;

let directory: string;
let corpus: string;
let line: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "lichen-train-"));
  corpus = join(directory, "corpus.txt");
  line = join(directory, "line.txt");
  await writeFile(line, "To be, or not to be, that is the question:\n");
  await writeFile(corpus, "To be, or not to be, that is the question:\n".repeat(150));
});

after(() => rm(directory, { recursive: true, force: true }));

type Outcome = { code: number | null; stdout: string; stderr: string };

function run(tool: string, args: string[]): Promise<Outcome> {
  const path = fileURLToPath(new URL(tool, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { timeout: RUN_TIMEOUT_MS, killSignal: "SIGKILL" });
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (outcome.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (outcome.stderr += data.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ ...outcome, code }));
  });
}

test("a model is trained, written, written again from its checkpoint, and converted", async () => {
  const out = join(directory, "run");
  const options = ["--corpus", corpus, "--preset", "small", "--steps", "1", "--seed", "5", "--out", out];
  const first = await run("train.ts", options);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /held-out \d\.\d{4} nats per byte over all 645 bytes/);
  assert.match(first.stderr, /step 1\/1 {2}loss \d\.\d{3} {2}[\d,]+ tokens\/s {2}ETA \d+s/);

  const path = join(out, "lichen-shakespeare-300k-f16.gguf");
  const bytes = new Uint8Array(await readFile(path));
  const { metadata, tensors } = await readGguf(memorySource(bytes));
  assert.equal(ggufText(metadata, "general.license"), "Apache-2.0");
  assert.equal(tensors.get("token_embd.weight")?.sizeBytes, tensorSizeBytes("F16", [260, 96]));

  const again = await run("train.ts", options);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^bad-argument: --out holds a checkpoint already/);
  const resumed = await run("train.ts", [...options, "--resume"]);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(new Uint8Array(await readFile(path)), bytes);
  const longer = await run("train.ts", [...options, "--resume", "--steps", "2"]);
  assert.equal(longer.code, 0, longer.stderr);
  assert.match(longer.stderr, /step 2\/2/);
  assert.notDeepEqual(new Uint8Array(await readFile(path)), bytes);
  const fewer = await run("train.ts", [...options, "--resume"]);
  assert.match(fewer.stderr, /^state-invalid: .*another number of steps \(2 of 2 done, 1 asked for\)/);
  const other = await run("train.ts", [...options, "--resume", "--seed", "6"]);
  assert.match(other.stderr, /^state-invalid: the checkpoint is another run's \(seed is 5, not 6\)/);

  const measured = await run("evaluate.ts", [path, "--corpus", corpus]);
  const trained = /held-out (\d\.\d{2})/.exec(longer.stdout)![1]!;
  assert.ok(measured.stdout.includes(`${path}: ${trained}`), measured.stdout + longer.stdout);

  const small = join(directory, "q4.gguf");
  const converted = await run("convert.ts", [path, "--to", "Q4_0", "--out", small]);
  assert.equal(converted.code, 0, converted.stderr);
  assert.ok((await readFile(small)).length < bytes.length / 3);
});

const refused: [what: string, tool: string, args: () => string[], message: RegExp][] = [
  ["no corpus", "train.ts", () => [], /^bad-argument: --corpus is missing/],
  [
    "a corpus that is not there",
    "train.ts",
    () => ["--corpus", "/nowhere"],
    /^bad-argument: the corpus cannot be read/,
  ],
  [
    "a directory as corpus",
    "train.ts",
    () => ["--corpus", directory],
    /^bad-argument: the corpus cannot be read/,
  ],
  ["a corpus of one line", "train.ts", () => ["--corpus", line], /^bad-argument: .* too short/],
  ["another preset", "train.ts", () => ["--corpus", corpus, "--preset", "huge"], /^bad-argument: --preset/],
  ["half a step", "train.ts", () => ["--corpus", corpus, "--steps", "0.5"], /^bad-argument: --steps/],
  ["a negative seed", "train.ts", () => ["--corpus", corpus, "--seed=-1"], /^bad-argument: --seed/],
  ["an unknown option", "train.ts", () => ["--corpsu", corpus], /^bad-argument: Unknown option/],
  [
    "nothing to resume",
    "train.ts",
    () => ["--corpus", corpus, "--out", directory, "--resume"],
    /^bad-argument: .* opened/,
  ],
  ["no input", "convert.ts", () => ["--to", "f32", "--out", "x"], /^bad-argument: one input file/],
  ["no output", "convert.ts", () => ["in.gguf", "--to", "f32"], /^bad-argument: --out is missing/],
  [
    "another format",
    "convert.ts",
    () => [corpus, "--to", "q5_k", "--out", "x"],
    /^bad-argument: --to is none of/,
  ],
  [
    "a text as model",
    "convert.ts",
    () => [corpus, "--to", "f32", "--out", "x"],
    /^model-invalid: not a GGUF file/,
  ],
];

for (const [what, tool, args, message] of refused)
  test(`${tool} refuses ${what}`, async () => {
    const { code, stderr } = await run(tool, args());
    assert.equal(code, 1);
    assert.match(stderr, message);
  });

for (const tool of ["train.ts", "convert.ts", "evaluate.ts"])
  test(`${tool} explains itself`, async () => {
    const { code, stdout } = await run(tool, ["--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /Examples?\n {2}node tools\/model\//);
  });
