import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LichenError } from "@lichen/kernel";

/** Where to listen. `tries` above 1: that many ports from `port` upwards may be taken. */
export type ListenAt = { host: string; port: number; tries: number };

/**
 * Binds a server to the first free port.
 * @returns the port
 * @throws {LichenError} `port-in-use`, with the process that holds it where /proc tells; `bad-argument`
 *   where the address cannot be bound at all
 */
export async function listenAt(server: Server, { host, port, tries }: ListenAt): Promise<number> {
  for (let offset = 0; offset < tries && port + offset <= 65_535; offset++) {
    const code = await bind(server, host, port + offset);
    if (code === undefined) return (server.address() as AddressInfo).port;
    if (code !== "EADDRINUSE") throw cannotBind(host, port + offset, code);
  }
  const owner = portOwner(port);
  throw new LichenError(
    "port-in-use",
    tries === 1 ? `port ${port} is in use` : `ports ${port} to ${port + tries - 1} are in use`,
    {
      details:
        owner === undefined ? `${host}:${port}` : `process ${owner.pid} (${owner.name}) listens on ${port}`,
      remedy: "name a free one with --port PORT",
    },
  );
}

function bind(server: Server, host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off("listening", onListening);
      resolve(error.code ?? error.message);
    };
    const onListening = (): void => {
      server.off("error", onError);
      resolve(undefined);
    };
    server.once("error", onError);
    server.once("listening", onListening);
    server.listen({ host, port });
  });
}

function cannotBind(host: string, port: number, code: string): LichenError {
  const remedy =
    code === "EACCES"
      ? "ports below 1024 need more rights: name a higher one with --port PORT"
      : "name an address of this machine with --host";
  return new LichenError("bad-argument", `cannot listen on ${host}:${port}`, { details: code, remedy });
}

/** Who listens on a TCP port, as far as this user may know. */
export function portOwner(port: number): { pid: number; name: string } | undefined {
  const inodes = new Set(
    [...listening("/proc/net/tcp", port), ...listening("/proc/net/tcp6", port)].map(
      (inode) => `socket:[${inode}]`,
    ),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of readable(() => readdirSync("/proc"))?.filter((name) => /^\d+$/.test(name)) ?? []) {
    for (const fd of readable(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const target = readable(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (target !== undefined && inodes.has(target)) {
        return {
          pid: Number(pid),
          name: readable(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "?",
        };
      }
    }
  }
  return undefined;
}

function listening(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const lines =
    readable(() => readFileSync(table, "latin1"))
      ?.split("\n")
      .slice(1) ?? [];
  return lines.flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === "0A" && local?.endsWith(`:${hexPort}`) && inode !== undefined ? [inode] : [];
  });
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
