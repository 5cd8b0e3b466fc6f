import { type AuditRecord, canonical, genesisHash, type Json } from '@tocsin/core';
import { nodeDigest } from '@tocsin/runtime';
import { recordLine, type Section, sampleCheckpoints, testSigner, textIn } from './fixture.ts';

/** What an attacker does to the records of a stream, and what a verifier must say of it. */
export interface Tampered {
  readonly sections: readonly Section[];
  readonly stream: string;
  readonly seq: number;
  /** The fault may also be told as a range that holds `seq`: only a checkpoint in between could be exact. */
  readonly range?: boolean;
}
export interface Choice {
  readonly sections: readonly Section[];
  /** Stream that is tampered with. */
  readonly at: number;
  /** Record that is tampered with. */
  readonly k: number;
  /** Another record, not k. */
  readonly j: number;
  /** Free choice. */
  readonly n: number;
}
export type Tampering = (choice: Choice) => Tampered;

const sectionOf = ({ sections, at }: Choice): Section => sections[at] as Section;
const lineOf = (choice: Choice, k = choice.k): string => sectionOf(choice).lines[k] as string;
const isLast = (choice: Choice): boolean => choice.k === sectionOf(choice).lines.length - 1;

function tampered(choice: Choice, lines: readonly string[], seq: number, range = false): Tampered {
  const section = sectionOf(choice);
  const sections = choice.sections.with(choice.at, { ...section, lines });
  return { sections, stream: section.stream, seq, ...(range && { range }) };
}

/** Changes the record and the hash beside it, as whoever can write the store would. */
function edited(choice: Choice, edit: (text: string) => string): Tampered {
  const line = recordLine(edit(textIn(lineOf(choice))));
  return tampered(choice, sectionOf(choice).lines.with(choice.k, line), choice.k, isLast(choice));
}

const sizeIn = (checkpoint: string): number => Number(/"size":(\d+)/.exec(checkpoint)?.[1]);

const reparsed = (text: string, edit: (record: AuditRecord) => unknown): string =>
  canonical(edit(JSON.parse(text) as AuditRecord) as Json);

/** Moves the element at `from` so that it stands at `to`. */
function moved(lines: readonly string[], from: number, to: number): readonly string[] {
  const rest = lines.toSpliced(from, 1);
  return rest.toSpliced(to, 0, lines[from] as string);
}

function rechained(choice: Choice): readonly string[] {
  const lines = [...sectionOf(choice).lines];
  let prev = choice.k === 0 ? genesisHash : nodeDigest.sha256(textIn(lineOf(choice, choice.k - 1)));
  for (let k = choice.k; k < lines.length; k++) {
    const text = reparsed(textIn(lines[k] as string), (record) => ({
      ...record,
      prev_hash: prev,
      ...(k === choice.k && { attributes: { ...record.attributes, message: 'Nothing happened' } }),
    }));
    lines[k] = recordLine(text);
    prev = nodeDigest.sha256(text);
  }
  return lines;
}

/** Also hits the hash beside the record, which exports have and logs have not. */
export const flipABit = 'flip a bit of a line';

export const tamperings: Readonly<Record<string, Tampering>> = {
  [flipABit]: (choice) => {
    const bytes = Buffer.from(lineOf(choice));
    const place = choice.n % bytes.length;
    bytes.writeUInt8((bytes[place] ?? 0) ^ (1 << (choice.n % 7)), place);
    return tampered(choice, sectionOf(choice).lines.with(choice.k, bytes.toString('latin1')), choice.k);
  },
  'edit a digit, hash included': (choice) =>
    edited(choice, (text) => {
      const digits = [...text.slice(0, text.lastIndexOf(',"prev_hash"')).matchAll(/\d/g)];
      const { index = 0, 0: digit } = digits[choice.n % digits.length] ?? { 0: '0' };
      return `${text.slice(0, index)}${(Number(digit) + 1) % 10}${text.slice(index + 1)}`;
    }),
  'edit the actor': (choice) => edited(choice, (text) => text.replace(/"usr":\{.*?\}/, '"usr":{"id":"x","name":"x"}')),
  'edit prev_hash': (choice) =>
    edited(choice, (text) => reparsed(text, (record) => ({ ...record, prev_hash: nodeDigest.sha256(`${choice.n}`) }))),
  'edit seq': (choice) => edited(choice, (text) => reparsed(text, (record) => ({ ...record, seq: choice.j }))),
  'edit stream': (choice) => edited(choice, (text) => text.replace(/"stream":"audit-\d+"/, '"stream":"audit-77"')),
  'make a record unreadable': (choice) => edited(choice, (text) => `${text.slice(0, -1)}]`),
  'change the order of names': (choice) =>
    edited(choice, (text) => text.replace(/"service":("[^"]*"),"tags":(\[[^\]]*\])/, '"tags":$2,"service":$1')),
  'add white space': (choice) =>
    edited(choice, (text) => {
      const colons = [...text.matchAll(/":/g)];
      const { index = 0 } = colons[choice.n % colons.length] ?? {};
      return `${text.slice(0, index + 2)} ${text.slice(index + 2)}`;
    }),
  'escape a character': (choice) => edited(choice, (text) => text.replace('source:audit', 'source\\u003aaudit')),
  'delete a record': (choice) => tampered(choice, sectionOf(choice).lines.toSpliced(choice.k, 1), choice.k),
  'delete several records': (choice) =>
    tampered(choice, sectionOf(choice).lines.toSpliced(choice.k, 1 + (choice.n % 5)), choice.k),
  'truncate the head': (choice) => tampered(choice, sectionOf(choice).lines.slice(choice.k + 1), 0),
  'truncate the tail': (choice) => tampered(choice, sectionOf(choice).lines.slice(0, choice.k), choice.k),
  'insert a forged record': (choice) => {
    const forged = reparsed(textIn(lineOf(choice)), (record) => ({ ...record, id: `forged-${choice.n}` }));
    return tampered(
      choice,
      sectionOf(choice).lines.toSpliced(choice.k, 0, recordLine(forged)),
      choice.k,
      isLast(choice),
    );
  },
  'insert a forged record that fits nowhere': (choice) => {
    const forged = reparsed(textIn(lineOf(choice)), (record) => ({
      ...record,
      prev_hash: genesisHash.replace('0', '1'),
    }));
    return tampered(choice, sectionOf(choice).lines.toSpliced(choice.k, 0, recordLine(forged)), choice.k);
  },
  'repeat a record at once': (choice) =>
    tampered(choice, sectionOf(choice).lines.toSpliced(choice.k, 0, lineOf(choice)), choice.k + 1),
  'repeat an earlier record': (choice) => {
    const [early, late] = [Math.min(choice.k, choice.j), Math.max(choice.k, choice.j)];
    return tampered(choice, sectionOf(choice).lines.toSpliced(late, 0, lineOf(choice, early)), late);
  },
  'swap two records': (choice) => {
    const { lines } = sectionOf(choice);
    const swapped = lines.with(choice.k, lineOf(choice, choice.j)).with(choice.j, lineOf(choice));
    return tampered(choice, swapped, Math.min(choice.k, choice.j));
  },
  'move a record': (choice) =>
    tampered(choice, moved(sectionOf(choice).lines, choice.k, choice.j), Math.min(choice.k, choice.j)),
  'splice in a record of another stream': (choice) => {
    const other = choice.sections[(choice.at + 1) % choice.sections.length] as Section;
    const { lines } = sectionOf(choice);
    return tampered(choice, lines.with(choice.k, other.lines[choice.j] as string), choice.k);
  },
  'splice in a relabelled record of another stream': (choice) => {
    const other = choice.sections[(choice.at + 1) % choice.sections.length] as Section;
    const { stream, lines } = sectionOf(choice);
    if (choice.k === 0) return tampered(choice, lines.slice(1), 0);
    const text = reparsed(textIn(other.lines[choice.k] as string), (record) => ({ ...record, stream }));
    return tampered(choice, lines.with(choice.k, recordLine(text)), choice.k, isLast(choice));
  },
  'swap two streams': (choice) => {
    const other = (choice.at + 1) % choice.sections.length;
    const theirs = (choice.sections[other] as Section).lines;
    const ours = sectionOf(choice).lines;
    const { sections, stream } = tampered(choice, theirs, 0);
    return { sections: sections.with(other, { ...(sections[other] as Section), lines: ours }), stream, seq: 0 };
  },
  'remove a stream': (choice) => tampered(choice, [], 0),
  'chain the tail anew': (choice) => tampered(choice, rechained(choice), choice.k, true),
  'chain the tail anew and sign with another key': (choice) => {
    const lines = rechained(choice);
    const { stream, checkpoints: before } = sectionOf(choice);
    const sizes = before.map(sizeIn);
    const checkpoints = sampleCheckpoints(lines.map(textIn), { stream, sizes, signer: testSigner(8) });
    const { sections } = tampered(choice, lines, choice.k);
    return { sections: sections.with(choice.at, { stream, lines, checkpoints }), stream, seq: choice.k, range: true };
  },
  'cut the tail and its checkpoints': (choice) => {
    const section = sectionOf(choice);
    const checkpoints = section.checkpoints.filter((line) => sizeIn(line) <= choice.k);
    const lines = section.lines.slice(0, choice.k);
    const sections = choice.sections.with(choice.at, { ...section, lines, checkpoints });
    return { sections, stream: section.stream, seq: choice.k };
  },
};
