import { z } from 'zod';

/** `env:NAME` or `file:PATH`, as the rules file holds a secret. */
export const isReference = (text: string): boolean => /^(env|file):./s.test(text);

/** A secret: its reference when the rules file is read, its value when a message is sent. */
export const secretText = (isValid: (value: string) => boolean, message: string): z.ZodType<string> =>
  z
    .string()
    .min(1)
    .max(4096)
    .refine((text) => isReference(text) || isValid(text), { message });

/** http or https, nothing secret in its user part. Which addresses may be called is the guarded client's business. */
export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}
export const httpUrl = z
  .string()
  .max(2048)
  .refine(isHttpUrl, { message: 'an http or https URL without user and password' });
