import { type ConfigurationSource, type DescribedSetting, describedConfiguration } from '@tocsin/runtime';
import type { z } from 'zod';
import { secretSettings } from './settings.ts';

/** One line for each setting: variable, value, origin. What may hold a password is not shown; a reference to a secret is. */
export const printConfiguration = (sources: readonly ConfigurationSource<z.ZodRawShape>[]): string =>
  sources
    .flatMap((source) => describedConfiguration(source))
    .map(
      (setting) =>
        `${setting.variable}=${shown(setting)}  # ${setting.value === undefined ? 'not set' : setting.origin}\n`,
    )
    .join('');

function shown({ key, value }: DescribedSetting): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join(',');
  const text = String(value);
  return secretSettings.has(key) && !/^(env|file):/.test(text) ? '(hidden)' : text;
}
