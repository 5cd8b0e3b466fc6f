import { field, type ValueOf } from '../field.ts';
import { configKindNames, configKinds } from './kinds.ts';

export const configChangeFields = {
  kind: field.oneOf('ConfigKind', configKindNames),
  id: field.text({ min: 1, max: 128 }),
  name: field.text({ max: 320 }),
  /** Of the object, from 1. */
  version: field.count(),
  /** As it is now; null once deleted. Secrets are references, never values. */
  value: field.json(),
  previous: field.json(),
};
export type ConfigChange = ValueOf<typeof configChangeFields>;

export const configAudit = {
  name: 'Cloud Security Platform',
  asset: ({ kind }: { readonly kind: ConfigChange['kind'] }): string => configKinds[kind].asset,
  assetName: ({ name }: { readonly name: string }): string => name,
} as const;

export const configDiff = ({ previous, value }: ConfigChange) => ({ prev: previous, next: value });
export const kindInWords = ({ kind }: { readonly kind: ConfigChange['kind'] }): string => kind.replace('_', ' ');
