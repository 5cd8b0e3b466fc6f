import { isJsonObject, type Json } from '@tocsin/core';

export interface Difference {
  /** Dotted path of the first value that is not the same. */
  readonly path: string;
  readonly audit: Json;
  readonly server: Json;
}

/** Every place where two JSON values are not the same; an absent member counts as null. */
export function differences(audit: Json, server: Json, path = ''): readonly Difference[] {
  if (isJsonObject(audit) && isJsonObject(server)) {
    const keys = [...new Set([...Object.keys(audit), ...Object.keys(server)])];
    return keys.flatMap((key) => differences(audit[key] ?? null, server[key] ?? null, path ? `${path}.${key}` : key));
  }
  if (Array.isArray(audit) && Array.isArray(server) && audit.length === server.length)
    return audit.flatMap((item: Json, at) => differences(item, (server[at] ?? null) as Json, `${path}[${at}]`));
  return JSON.stringify(audit) === JSON.stringify(server) ? [] : [{ path, audit, server }];
}
