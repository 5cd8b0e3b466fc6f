import { isJsonObject, type Json, type JsonObject } from './json.ts';

/**
 * The value at a dotted path such as `usr.name`; undefined where there is none. Names that hold dots themselves are found
 * too, whole names first. A leading `@`, as in searches, is allowed. Inherited properties are never found.
 */
export const attributeAt = (attributes: JsonObject, path: string): Json | undefined =>
  within(attributes, path.startsWith('@') ? path.slice(1) : path);

function within(object: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(object, path)) return object[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    const inner = Object.hasOwn(object, name) ? object[name] : undefined;
    const found = isJsonObject(inner) ? within(inner, path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
