import type { SecureContextOptions } from 'node:tls';

/** How to reach the schema registry. */
export interface RegistrySettings {
  /** Base of the API that Confluent's clients speak; user and password in it are for basic authentication. */
  readonly url: string;
  /** For `https:`; what Node trusts by itself needs nothing. */
  readonly tls?: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & { readonly rejectUnauthorized?: boolean };
  /** Before the name of every subject, as before those of topics. @default 'tocsin.' */
  readonly prefix?: string;
  /** What an operator should read: once for each new trouble, and when it is over. @default nothing */
  readonly report?: (line: string) => void;
  /** Between two attempts, in milliseconds. @default 1_000 */
  readonly retryMs?: number;
  /** A registry that says nothing for so long is asked again, in milliseconds. @default 5_000 */
  readonly answerWithinMs?: number;
}
