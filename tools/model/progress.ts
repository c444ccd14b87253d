/** Seconds as people read them: "41s", "3m 07s", "1h 02m". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${pad(Math.floor((whole % 3600) / 60))}m`;
}

/** A mean that forgets: each call adds a value and gives the mean with weight 0.05 on the newest. */
export function movingMean(): (value: number) => number {
  let mean: number | undefined;
  return (value) => (mean = mean === undefined ? value : 0.95 * mean + 0.05 * value);
}

/** A line that keeps its place on a terminal, and is thinned out in a log. */
export function progressLine(
  stream: NodeJS.WriteStream,
  quietMs = 10_000,
): { show: (line: string) => void; end: () => void } {
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    show: (line) => {
      if (stream.isTTY) stream.write(`\r${line}\u001b[K`);
      else if (performance.now() - lastMs >= quietMs) {
        lastMs = performance.now();
        stream.write(`${line}\n`);
      }
    },
    end: () => {
      if (stream.isTTY) stream.write("\n");
    },
  };
}
