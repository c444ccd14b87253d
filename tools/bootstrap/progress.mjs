const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const frameMs = 100;
const plainLineMs = 10_000;

/**
 * Shows that something is going on: a spinner on a terminal, a line every ten seconds elsewhere. `detail`
 * is asked for each time. `done` ends it with a last line.
 *
 * @param {string} title
 * @param {() => string} detail
 * @param {NodeJS.WriteStream} [out]
 * @returns {{ done: (mark: string, text: string) => void }}
 */
export function progress(title, detail, out = process.stderr) {
  const startedAt = Date.now();
  const fancy = out.isTTY === true && process.env.TERM !== "dumb";
  let frame = 0;
  const line = () => `${title}: ${seconds(Date.now() - startedAt)}${detail()}`;
  const draw = () => {
    frame = (frame + 1) % frames.length;
    out.write(`\r\x1b[2K${colour(out, 36, frames[frame])} ${line()}`);
  };
  if (!fancy) out.write(`${title}\n`);
  const timer = setInterval(fancy ? draw : () => out.write(`  ${line()}\n`), fancy ? frameMs : plainLineMs);
  return {
    done(mark, text) {
      clearInterval(timer);
      out.write(
        `${fancy ? "\r\x1b[2K" : ""}${mark} ${text} (${seconds(Date.now() - startedAt)}${detail()})\n`,
      );
    },
  };
}

/** The text in an ANSI colour, where the stream shows colours and NO_COLOR is unset. */
export function colour(out, code, text) {
  const noColour = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== "";
  return out.isTTY === true && !noColour ? `\x1b[${code}m${text}\x1b[0m` : text;
}

const seconds = (ms) => `${Math.round(ms / 1000)} s`;
