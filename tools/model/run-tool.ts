import { toLichenError } from "@lichen/kernel";

/** Runs a tool's main function; an error becomes one or two lines on stderr and exit code 1. */
export async function runTool(main: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    const known = toLichenError(error, "bad-argument");
    console.error(
      `${known.code}: ${known.message}${known.details === undefined ? "" : ` (${known.details})`}`,
    );
    if (known.remedy !== undefined) console.error(known.remedy);
    process.exitCode = 1;
  }
}
