import { scrubbed } from '@tocsin/runtime';

/** The registry refuses a schema of ours: trying again changes nothing, somebody has to decide. */
export class SchemaRefused extends Error {
  readonly subject: string;
  constructor(subject: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'SchemaRefused';
    this.subject = subject;
  }
}

export const statusOf = (error: unknown): number | undefined => {
  const status: unknown = Reflect.get(Object(error), 'status');
  return typeof status === 'number' ? status : undefined;
};

/** The subject is to be checked for something else than we ask for. */
export const isOtherLevel = (error: unknown): boolean =>
  Reflect.get(Object(error), 'name') === 'ConfluentSchemaRegistryCompatibilityError';

/** Of a new version; two that set the compatibility of a subject at once may get in each other's way, too. */
export const isConflict = (error: unknown): boolean =>
  statusOf(error) === 409 && /\/versions$/.test(String(Reflect.get(Object(error), 'url')));

/** Why a schema is refused for good, or undefined when the registry only cannot be asked now. */
export function refusalOf(
  error: unknown,
  about: { readonly subject: string; readonly url: string },
): SchemaRefused | undefined {
  const { subject, url } = about;
  const said = saidBy(error);
  const refused = (message: string): SchemaRefused => new SchemaRefused(subject, message, { cause: error });
  const config = `${url}/config/${encodeURIComponent(subject)}`;
  if (isOtherLevel(error))
    return refused(
      `subject ${subject} has another compatibility level than BACKWARD_TRANSITIVE (${said}): set it, PUT ${config} {"compatibility":"BACKWARD_TRANSITIVE"}`,
    );
  if (isConflict(error))
    return refused(
      `subject ${subject}: its schema here is incompatible with a version in the registry (${said}). Run the release that wrote that version, or a newer one; or, if nothing of it is kept, delete the subject at ${url}/subjects/${encodeURIComponent(subject)}`,
    );
  if (statusOf(error) === 422)
    return refused(`subject ${subject}: the registry takes its schema for invalid (${said})`);
  return undefined;
}

/** One line on a registry that cannot be asked, without user and password. */
export function troubleLine(address: string, error: unknown): string {
  const status = statusOf(error);
  const said = saidBy(error);
  const remedy = remedies.find(([shape]) => shape.test(status === 401 || status === 403 ? 'refused' : said))?.[1];
  const answered = status === undefined || status === 400 ? '' : `status ${status}, `;
  return scrubbed(`schema registry ${address} cannot be used (${answered}${said})${remedy ?? ''}; trying again`);
}

const remedies: readonly (readonly [RegExp, string])[] = [
  [/^refused$/, ': check user and password in its URL'],
  [/ECONNREFUSED/, ': nobody listens there, start it or correct the URL'],
  [/ENOTFOUND|EAI_AGAIN/, ': its host is not known, correct the URL'],
  [/certificate|altname/i, ': its certificate is not trusted here, give the one that signed it as ca'],
  [/wrong version number|EPROTO|socket hang up|ECONNRESET/, ': check https: or http: in its URL'],
];

/** The library's words without those around them, on one line. */
function saidBy(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const bare = text.replace(/^.*? - (?:Error, status \d+: )?/s, '');
  return (bare === '' ? text : bare).replace(/\s+/g, ' ').slice(0, 300);
}
