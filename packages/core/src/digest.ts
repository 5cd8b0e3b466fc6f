/**
 * Hashing is handed in: the core stays free of `node:crypto`, and the browser can bring its own.
 * All results are lower-case hex.
 */
export interface Digest {
  sha256(data: string | Uint8Array): string;
  hmacSha256(key: Uint8Array, data: string): string;
}
