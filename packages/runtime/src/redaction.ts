/** What stands where a secret stood. */
export const redacted = '[redacted]';

const secretKey =
  /^(authorization|proxy-authorization|cookie|set-cookie|password|passphrase|secrets?|secret_headers|token|.*[_-](secret|token|password)|.*(Secret|Token|Password)|x-api-key|api[_-]?key|apiKey|private[_-]?key|privateKey)$/i;

/** Secrets that can be told by their looks, wherever they turn up in a text. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${redacted}`],
  [/\btoc_[\w-]{16,}/g, redacted],
  [/\bwhsec_[\w+/=-]{8,}/g, redacted],
  [/\bxox[a-z]-[\w-]{8,}/g, redacted],
  [/(:\/\/[^/\s"@:]*):[^/\s"@]*@/g, `$1:${redacted}@`],
  [/(\/\/hooks\.slack(?:-gov)?\.com\/)[\w/-]+/g, `$1${redacted}`],
];

/** Replaces what looks like a secret inside a text. */
export const scrubbed = (text: string): string =>
  shapes.reduce((scrubbing, [shape, by]) => scrubbing.replace(shape, by), text);

const maxDepth = 8;

/** A copy fit for a log: values under secret keys hidden at any depth, errors as plain objects, cycles and depth cut. */
export function redactedCopy(value: unknown, depth = 0, above: readonly object[] = []): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth || above.includes(value)) return '[cut]';
  const inside = (inner: unknown) => redactedCopy(inner, depth + 1, [...above, value]);
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(inside);
  if (value instanceof Error) return { ...errorFields(value, inside) };
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, secretKey.test(key) ? redacted : inside(inner)]),
  );
}

/** No other fields of an error: libraries hang requests, responses and configurations on them. */
function errorFields(error: Error, inside: (inner: unknown) => unknown) {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: inside(error.cause) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}
