export declare function npmArgs(mode: "prod" | "dev", present: "prod" | "dev" | null): string[];
