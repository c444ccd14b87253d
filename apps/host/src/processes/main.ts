const roles = {
  chain: () => import("./chain.ts"),
  provider: () => import("./provider.ts"),
  gateway: () => import("./gateway.ts"),
} as const;

const role = process.argv[2] ?? "";
if (!Object.hasOwn(roles, role)) throw new Error(`no role ${role}`);
process.title = `lichen ${role}`;
const { run } = await roles[role as keyof typeof roles]();
run();
