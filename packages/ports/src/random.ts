/** Unpredictable bytes, given from outside so that a simulation can seed them. */
export interface Random {
  bytes(sizeBytes: number): Uint8Array;
}
