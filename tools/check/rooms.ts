/** A room of the repository: what a file may import depends on the room it stands in. */
export type Room =
  | "kernel"
  | "pure"
  | "ports"
  | "adapter"
  | "service"
  | "sdk"
  | "app"
  /** sim, e2e, bench, examples, tools: around the product, not in it. */
  | "around";

const pureRooms: readonly string[] = ["wire", "money", "audit", "routing", "rounds", "curation", "model"];

/** Pure rooms that build on another: everything that is paid, routed or audited is a message first. */
const pureBuildsOn: Readonly<Record<string, readonly string[]>> = {
  money: ["wire"],
  routing: ["wire"],
  audit: ["wire"],
};

const below: Readonly<Record<Exclude<Room, "kernel" | "pure">, readonly Room[]>> = {
  ports: ["pure", "kernel"],
  adapter: ["ports", "pure", "kernel"],
  service: ["ports", "pure", "kernel"],
  sdk: ["ports", "pure", "kernel"],
  app: ["app", "service", "sdk", "adapter", "ports", "pure", "kernel"],
  around: ["app", "service", "sdk", "adapter", "ports", "pure", "kernel"],
};

/** The room of a package's directory or a file, by its path from the repository's root; null: no room. */
export function roomOf(path: string): Room | null {
  const [top = "", second = ""] = path.split("/");
  if (top === "apps") return "app";
  if (["sim", "e2e", "bench", "examples", "tools"].includes(top)) return "around";
  if (top !== "packages") return null;
  if (second === "kernel" || second === "ports" || second === "sdk") return second;
  if (second === "adapters") return "adapter";
  if (second === "services") return "service";
  return pureRooms.includes(second) ? "pure" : null;
}

/** Why a package must not import another, given their directories, or null if it may. */
export function arrowProblem(fromDir: string, toDir: string): string | null {
  const from = roomOf(fromDir);
  const to = roomOf(toDir);
  if (from === null || to === null) return "it stands in no room of DESIGN section 5";
  if (from === "kernel") return "the kernel imports nothing of ours";
  if (from === "pure") {
    if (to === "kernel") return null;
    const [own = "", other = ""] = [fromDir, toDir].map((dir) => dir.split("/")[1]);
    return pureBuildsOn[own]?.includes(other) === true
      ? null
      : `a pure room imports the kernel${builds(own)} only`;
  }
  if (below[from].includes(to)) return null;
  if (from === "service") return "services meet through messages and injected ports, never directly";
  return `${from} may import ${below[from].join(", ")} only`;
}

const builds = (room: string): string => (pureBuildsOn[room] ?? []).map((name) => ` and ${name}`).join("");

/** Whether a file is the product itself: not a test, and not around it. */
export function isProduct(path: string): boolean {
  const room = roomOf(path);
  return room !== null && room !== "around" && !isTest(path);
}

/** Tests, what only they use (`testing.ts`, `testing/`), and the compliance suites that they run. */
export function isTest(path: string): boolean {
  return (
    /\.(test|long|test-d)\.(ts|mjs)$/.test(path) ||
    /\/testing(\/|\.ts$)/.test(path) ||
    path.startsWith("packages/ports/src/compliance/")
  );
}

/** Whether a file must leave clock, chance, network, files and processes to ports. */
export function isPure(path: string): boolean {
  return isProduct(path) && !["adapter", "app"].includes(roomOf(path) ?? "");
}
