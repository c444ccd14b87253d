/** A workspace package, as the checks see it. */
export type Package = {
  name: string;
  /** From the repository's root, without a slash at the end; empty for the root itself. */
  dir: string;
  /** What its package.json allows it to import: dependencies of every kind. */
  declared: ReadonlySet<string>;
  /** The keys of `exports`. */
  entries: readonly string[];
};

/** Reads a package.json. */
export function toPackage(dir: string, manifest: Record<string, unknown>): Package {
  const kinds = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  const exported = manifest["exports"];
  return {
    name: String(manifest["name"]),
    dir,
    declared: new Set(kinds.flatMap((kind) => Object.keys((manifest[kind] as object | undefined) ?? {}))),
    entries: typeof exported === "object" && exported !== null ? Object.keys(exported) : [],
  };
}

/** The package that a file belongs to: the nearest above it. */
export function ownerOf(path: string, packages: readonly Package[]): Package | undefined {
  return packages
    .filter(({ dir }) => dir === "" || path.startsWith(`${dir}/`))
    .toSorted((a, b) => b.dir.length - a.dir.length)[0];
}

/** `@scope/name/sub/path` as package and entry: `["@scope/name", "./sub/path"]`. */
export function splitSpecifier(specifier: string): [name: string, entry: string] {
  const parts = specifier.split("/");
  const length = specifier.startsWith("@") ? 2 : 1;
  const rest = parts.slice(length).join("/");
  return [parts.slice(0, length).join("/"), rest === "" ? "." : `./${rest}`];
}
