import {
  type AnySink,
  type Configuration,
  type Duration,
  isJsonObject,
  minute,
  type Verdict,
  type WorkflowObject,
  workflowOf,
  workflowSinkType,
} from '@tocsin/core';
import { type Clock, redacted, resolveConfigSecrets, type SecretSources } from '@tocsin/runtime';

/** A sink with the configuration that its handle has now, secrets resolved. */
export interface ReadySink {
  readonly sink: AnySink;
  readonly config: unknown;
  /** Hides the secrets of this configuration in a text. */
  hide(text: string): string;
}
export type SinkLookup =
  | ({ readonly ok: true } & ReadySink)
  | { readonly ok: false; readonly verdict: Exclude<Verdict, { kind: 'delivered' }> };

interface Wanted {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
}
interface Known {
  /** The configuration object it was made from. */
  readonly source: object;
  readonly at: number;
  readonly lookup: Promise<SinkLookup>;
}

/** How long a resolved secret is used before it is read again: a rotated file works without a restart. */
const keepFor: Duration = minute;

/** Turns handles into sinks that can be used, and remembers them while their configuration stays the same. */
export class ConfiguredSinks {
  readonly #types: ReadonlyMap<string, AnySink>;
  readonly #sources: SecretSources;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(about: {
    readonly sinks: readonly AnySink[];
    readonly secretSources: SecretSources;
    readonly clock: Clock;
  }) {
    this.#types = new Map(about.sinks.map((sink) => [sink.type, sink]));
    this.#sources = about.secretSources;
    this.#clock = about.clock;
  }

  /** Never rejects: what cannot be used is a verdict. Gone or disabled is for good; what people can put right is tried again. */
  find(handle: string, configuration: Configuration): Promise<SinkLookup> {
    const sink = configuration.sink.get(handle)?.value;
    if (sink && !sink.enabled) return refused('rejected', `sink @${handle} is disabled`);
    const source = sink ?? workflowOf(handle, configuration);
    if (!source) return refused('rejected', `there is no @${handle} any more`);
    const known = this.#known.get(handle);
    if (known?.source === source && this.#clock.now() - known.at < keepFor) return known.lookup;
    const lookup = this.#resolve('type' in source ? source : wantedOf(source));
    this.#known.set(handle, { source, at: this.#clock.now(), lookup });
    return lookup;
  }

  async #resolve({ type, config }: Wanted): Promise<SinkLookup> {
    const sink = this.#types.get(type);
    if (!sink) return refused('rejected', `there is no sink type "${type}"`);
    const { config: resolved, problems } = await resolveConfigSecrets(config, sink.secrets, this.#sources);
    if (problems.length > 0) return refused('retry', problems.join('; '));
    const parsed = sink.config.safeParse(resolved);
    if (!parsed.success)
      return refused(
        'retry',
        parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
      );
    const secrets = sink.secrets.flatMap((key) => textsOf(resolved[key]));
    return { ok: true, sink, config: parsed.data, hide: (text) => hidden(text, secrets) };
  }
}

const wantedOf = ({ handle, url, secret }: WorkflowObject): Wanted => ({
  type: workflowSinkType,
  config: { handle, url, ...(secret !== undefined && { secret }) },
});

const refused = (kind: 'retry' | 'rejected', reason: string): Promise<SinkLookup> =>
  Promise.resolve({ ok: false, verdict: { kind, reason } });

const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isJsonObject(value) ? Object.values(value).flatMap(textsOf) : [];
};
/** A very short secret would blot out ordinary words. */
const hidden = (text: string, secrets: readonly string[]): string =>
  secrets.filter(({ length }) => length >= 4).reduce((cleaned, secret) => cleaned.replaceAll(secret, redacted), text);
