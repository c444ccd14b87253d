import { useCompileCache } from "@lichen/host/compile-cache";

useCompileCache();
const { CommanderError } = await import("commander");
const { exitCodes } = await import("./exit-codes.ts");
const { printError } = await import("./output/print-error.ts");
const { createProgram } = await import("./program.ts");

// A reader that has seen enough (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const program = createProgram((code) => {
  process.exitCode = code;
});
for (const command of [program, ...program.commands, ...program.commands.flatMap((each) => each.commands)])
  command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    printError(error, process.argv.includes("--json"));
    process.exitCode =
      (error as { code?: string }).code === "not-running" ? exitCodes.notRunning : exitCodes.failed;
  }
}
