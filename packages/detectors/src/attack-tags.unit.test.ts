import { expect, it } from 'vitest';
import { tacticTag, techniqueTag } from './attack-tags.ts';

it.each([
  [{ name: 'Credential Access' }, 'tactic:ta0006-credential-access'],
  [{ name: 'command_and_control' }, 'tactic:ta0011-command-and-control'],
  [{ id: 'TA006', name: 'Credential Access' }, 'tactic:ta0006-credential-access'],
  [{ id: 'TA0107', name: 'Inhibit Response Function' }, 'tactic:ta0107-inhibit-response-function'],
  [{ name: 'Something New' }, 'tactic:something-new'],
  [{}, undefined],
])('the tactic %j is %s', (step, tag) => expect(tacticTag(step)).toBe(tag));

it.each([
  [{ id: 'T1556', name: 'Modify Authentication Process' }, 'technique:t1556-modify-authentication-process'],
  [{ id: 'T1003.008', name: '/etc/passwd and /etc/shadow' }, 'technique:t1003.008-etc-passwd-and-etc-shadow'],
  [{ id: 'T1110' }, 'technique:t1110'],
  [{ name: 'Brute Force' }, 'technique:brute-force'],
  [{ name: ' ' }, undefined],
])('the technique %j is %s', (step, tag) => expect(techniqueTag(step)).toBe(tag));
