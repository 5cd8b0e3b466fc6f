import { expect, it } from 'vitest';
import { attributeAt } from './attribute-path.ts';
import type { JsonObject } from './json.ts';

it.each<[JsonObject, string, unknown]>([
  [{ host: 'a' }, 'host', 'a'],
  [{ usr: { name: 'u' } }, 'usr.name', 'u'],
  [{ usr: { name: 'u' } }, '@usr.name', 'u'],
  [{ 'usr.name': 'flat', usr: { name: 'nested' } }, 'usr.name', 'flat'],
  [{ k8s: { 'pod.name': 'p' } }, 'k8s.pod.name', 'p'],
  [{ 'k8s.pod': { name: 'p' }, k8s: 'x' }, 'k8s.pod.name', 'p'],
  [{ a: null }, 'a', null],
  [{ a: { b: 0 } }, 'a.b', 0],
  [{ a: ['x'] }, 'a.0', undefined],
  [{ a: {} }, 'a.b.c', undefined],
  [{}, 'constructor', undefined],
  [{ a: {} }, 'a.__proto__', undefined],
  [{ '': { '': 1 } }, '.', 1],
])('%j at %s is %j', (attributes, path, expected) => {
  expect(attributeAt(attributes, path)).toEqual(expected);
});
