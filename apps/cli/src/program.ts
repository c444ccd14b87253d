import { Command, InvalidArgumentError, Option } from "commander";
import { bounds } from "@lichen/host";
import { defaultPort, defaultProviders, version } from "./defaults.ts";
import { exitCodes } from "./exit-codes.ts";
import { chat, type ChatOptions } from "./commands/chat.ts";
import { down, type DownOptions } from "./commands/down.ts";
import { receiptGet, type ReceiptGetOptions } from "./commands/receipt/get.ts";
import { receiptVerify, type ReceiptVerifyOptions } from "./commands/receipt/verify.ts";
import { reset, type ResetOptions } from "./commands/reset.ts";
import type { CommonOptions } from "./commands/running.ts";
import { status } from "./commands/status.ts";
import { up, type UpOptions } from "./commands/up.ts";

/**
 * The command line of `lichen`.
 * @param leave told the exit code when a command has ended
 */
export function createProgram(leave: (code: number) => void): Command {
  const program = new Command("lichen")
    .description("An open network for AI: every answer can be checked, and pays everyone who made it")
    .version(version)
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText(
      "after",
      `\nExit codes: ${exitCodes.ok} done, ${exitCodes.failed} failed, ${exitCodes.usage} wrong usage, ${exitCodes.notRunning} not running, ${exitCodes.interrupted} interrupted`,
    );
  const command = (
    usage: string,
    description: string,
    examples: readonly string[],
    parent = program,
  ): Command =>
    parent
      .command(usage)
      .description(description)
      .option(
        "--home <dir>",
        "where keys, chain and state are kept (or LICHEN_HOME; default .lichen in the clone)",
      )
      .option("--json", "one JSON object a line, for programs")
      .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`);

  command("up", "start a whole network on this machine: chain, gateway, providers", [
    "lichen up",
    "lichen up --once                    start, ask one question, leave",
    "lichen up --detach                  leave it running in the background",
    "lichen up --model llama-3.gguf --providers 1",
  ])
    .option("--once", "leave after the first answer")
    .option("--detach", "run in the background")
    .option("--no-ask", "do not ask a first question")
    .addOption(
      new Option("--providers <n>", "provider processes")
        .argParser(integer(1, bounds.providers))
        .default(defaultProviders),
    )
    .option("--model <file>", "model to serve, in GGUF format (default: the bundled one)")
    .addOption(
      new Option("--port <port>", `HTTP port (default ${defaultPort}, or a free one above)`).argParser(
        integer(0, 65_535),
      ),
    )
    .option(
      "--host <address>",
      "address to listen on; others than loopback open the gateway to the network",
      "127.0.0.1",
    )
    .action(async (options: UpOptions) => leave(await up(options)));

  command("down", "end the network", [
    "lichen down",
    "lichen down --close-channels        settle and empty all payment channels first",
  ])
    .option(
      "--close-channels",
      "have every channel settled, claimed and emptied first; later requests open new ones",
    )
    .action(async (options: DownOptions) => leave(await down(options)));

  command("status", "show processes, providers and money", [
    "lichen status",
    "lichen status --json | jq .gateway",
  ]).action(async (options: CommonOptions) => leave(await status(options)));

  command("chat [prompt]", "ask the network; without a prompt, a conversation", [
    'lichen chat "What is a lichen?"',
    "lichen chat --temperature 0 < question.txt",
    "lichen chat",
  ])
    .option("--model <name>", "model to ask (default: the first that is offered)")
    .option("--system <text>", "instruction that precedes the conversation")
    .addOption(new Option("--max-tokens <n>", "longest answer").argParser(integer(1, 1 << 20)))
    .addOption(
      new Option("--temperature <t>", "0 takes the likeliest token, 2 is wild").argParser(decimal(0, 2)),
    )
    .action(async (prompt: string | undefined, options: ChatOptions) => leave(await chat(prompt, options)));

  const receipt = program.command("receipt").description("fetch and check receipts");
  command(
    "get <id>",
    "fetch a receipt from the gateway",
    ["lichen receipt get 0mf3k… -o receipt.json"],
    receipt,
  )
    .option("-o, --output <file>", "write it to a file")
    .action(async (id: string, options: ReceiptGetOptions) => leave(await receiptGet(id, options)));
  command(
    "verify <file>",
    "check a receipt offline and name the payment that covered it",
    ["lichen receipt verify receipt.json", "lichen receipt verify receipt.json --rpc http://127.0.0.1:8545"],
    receipt,
  )
    .option("--rpc <url>", "chain to look the payment up on (default: that of the network in the home)")
    .action(async (file: string, options: ReceiptVerifyOptions) => leave(await receiptVerify(file, options)));

  command("reset", "remove a home with everything in it", ["lichen reset", "lichen reset --yes"])
    .option("--yes", "do not ask")
    .action(async (options: ResetOptions) => leave(await reset(options)));
  return program;
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  };
}

function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a number from ${least} to ${most}`);
  };
}
