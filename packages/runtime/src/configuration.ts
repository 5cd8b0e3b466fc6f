import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;
/** The only place that touches the environment of the process. */
export const processEnvironment = (): Environment => process.env;

/** Everything wrong with the configuration at once; each line names the key, none quotes a value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`configuration: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** Forms that the text of an environment variable and a typed option share. */
export const setting = {
  flag: () => z.preprocess((value) => flags[`${value}`.toLowerCase()] ?? value, z.boolean()),
  wholeNumber: (limits: { readonly min: number; readonly max: number }) =>
    z.preprocess(
      (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
      z.int().min(limits.min).max(limits.max),
    ),
  /** Comma-separated in the environment. */
  list: () =>
    z.preprocess(
      (value) => (typeof value === 'string' ? value.split(',').flatMap((item) => item.trim() || []) : value),
      z.array(z.string().min(1)),
    ),
} as const;
const flags: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  yes: true,
  false: false,
  '0': false,
  no: false,
};

const prefix = 'TOCSIN_';
/** Left alone, so that secret references may point at variables with our prefix. */
const secretPrefix = 'TOCSIN_SECRET_';

/** The variable of a key: `readModel` is `TOCSIN_READ_MODEL`. */
export const variableOf = (key: string): string => prefix + key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

export interface ConfigurationSource<S extends z.ZodRawShape> {
  readonly shape: z.ZodObject<S>;
  /** The environment of the process unless said. */
  readonly environment?: Environment;
  /** Weaker than the environment: what a file says, by key. */
  readonly file?: { readonly path: string; readonly values: Readonly<Record<string, unknown>> } | undefined;
  /** Stronger than the environment: command line options. Undefined values count as not given. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Variables with our prefix that are somebody else's business, such as the client's `TOCSIN_URL`; keys of a file likewise. */
  readonly alsoKnown?: readonly string[];
}

/** Where a value comes from. */
export type SettingOrigin = 'option' | 'environment' | 'file' | 'default';

interface Gathered {
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly origin: SettingOrigin }>;
  /** One line for each key that nobody knows. */
  readonly strangers: readonly string[];
}

/** Parses once, freezes deeply. An unknown key and a bad value fail with the name of the key: `ConfigurationError`. */
export function readConfiguration<S extends z.ZodRawShape>(source: ConfigurationSource<S>): z.output<z.ZodObject<S>> {
  const { values, strangers } = gather(source);
  const raw = Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
  const parsed = source.shape.strict().safeParse(raw);
  const problems = [
    ...strangers,
    ...(parsed.error?.issues ?? []).map((issue) => problemOf(issue, (key) => values.get(key)?.origin)),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigurationError(problems);
  return deepFrozen(parsed.data);
}

export interface DescribedSetting {
  readonly key: string;
  readonly variable: string;
  /** Undefined where nothing is set. */
  readonly value: unknown;
  readonly origin: SettingOrigin;
}

/** Each setting with its value and where that comes from, in the order of the shape; throws as `readConfiguration`. */
export function describedConfiguration<S extends z.ZodRawShape>(
  source: ConfigurationSource<S>,
): readonly DescribedSetting[] {
  const read: Readonly<Record<string, unknown>> = readConfiguration(source);
  const { values } = gather(source);
  return Object.keys(source.shape.shape).map((key) => ({
    key,
    variable: variableOf(key),
    value: read[key],
    origin: values.get(key)?.origin ?? 'default',
  }));
}

function gather<S extends z.ZodRawShape>(source: ConfigurationSource<S>): Gathered {
  const { shape, environment = processEnvironment(), file, given = {}, alsoKnown = [] } = source;
  const named = new Map(Object.keys(shape.shape).map((key) => [variableOf(key), key]));
  const values = new Map<string, { readonly value: unknown; readonly origin: SettingOrigin }>();
  const strangers: string[] = [];
  for (const [key, value] of Object.entries(file?.values ?? {})) {
    if (key in shape.shape) values.set(key, { value, origin: 'file' });
    else if (!alsoKnown.includes(variableOf(key))) strangers.push(`${key} in ${file?.path} is not a known setting`);
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || name.startsWith(secretPrefix) || value === undefined) continue;
    const key = named.get(name);
    if (key === undefined && !alsoKnown.includes(name)) strangers.push(`${name} is not a known variable`);
    if (key !== undefined && value !== '') values.set(key, { value, origin: 'environment' });
  }
  for (const [key, value] of Object.entries(given))
    if (value !== undefined) values.set(key, { value, origin: 'option' });
  return { values, strangers };
}

function problemOf(issue: z.core.$ZodIssue, originOf: (key: string) => SettingOrigin | undefined): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')} is not a known option`;
  const [key = '', ...rest] = issue.path.map(String);
  const origin = originOf(key);
  const name = origin === 'option' || origin === 'file' ? key : variableOf(key);
  const said = origin === undefined ? 'is needed' : issue.message;
  return `${[name, ...rest].join('.')}: ${said}`;
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}
