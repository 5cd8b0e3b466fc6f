import { scrubbed } from '@tocsin/runtime';

/** Said about Redis when something is wrong with it: one line, with what to do. */
export type OnRedisTrouble = (line: string) => void;

const remedies: readonly (readonly [RegExp, string])[] = [
  [/NOAUTH/, 'it asks for a password: put it into the URL, redis://:password@host:6379'],
  [/WRONGPASS|invalid (username-)?password/i, 'it refused user or password: correct them in the URL'],
  [/NOPERM/, 'its ACL forbids a command to this user: allow it +@all on the keys of the prefix'],
  [/ENOTFOUND|EAI_AGAIN/, 'its host name is not known: check the host in the URL'],
  [/ECONNREFUSED/, 'nobody listens there: start it, or correct host and port in the URL'],
  [
    /certificate|self.signed|CERT_|ERR_TLS/i,
    'its certificate is not trusted here: give the authority in NODE_EXTRA_CA_CERTS',
  ],
  [
    /wrong version number|packet length too long|EPROTO/,
    'one side speaks TLS and the other does not: redis:// is plain, rediss:// is TLS',
  ],
  [/OOM command not allowed/, 'its memory is full: raise maxmemory (nothing of record is in it; FLUSHALL is safe)'],
  [/READONLY/, 'it is a replica: give the address of the primary'],
  [/MISCONF/, 'it cannot write its snapshots: give it disk, or set stop-writes-on-bgsave-error to no'],
  [/LOADING/, 'it is loading its data: wait'],
];

/** What is wrong and what to do, in one line without secrets. */
export function redisTrouble(address: string, error: unknown): string {
  const said = textOf(error).split('\n')[0]?.slice(0, 200) ?? '';
  const remedy = remedies.find(([shape]) => shape.test(said))?.[1] ?? 'it is asked again until it answers';
  return scrubbed(`Redis at ${address}: ${said}; ${remedy}`);
}

/** Of several addresses of one name, each has failed in its way: the first says enough. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return textOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** The address without user and password. */
export function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

const repeatEveryMs = 30_000;

/** Lets a line through once, and again when it still holds after 30 seconds. */
export class TroubleReports {
  readonly #tell: OnRedisTrouble;
  readonly #told = new Map<string, number>();

  constructor(tell: OnRedisTrouble) {
    this.#tell = tell;
  }

  say(line: string): void {
    const now = performance.now();
    if (now - (this.#told.get(line) ?? Number.NEGATIVE_INFINITY) < repeatEveryMs) return;
    this.#told.set(line, now);
    this.#tell(line);
  }

  /** All is well: the next trouble is news. */
  over(): void {
    this.#told.clear();
  }
}
