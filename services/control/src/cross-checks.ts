import {
  bindInputs,
  inputProblem,
  isJsonObject,
  parseTarget,
  type TargetArgument,
  type WorkflowObject,
} from '@tocsin/core';
import { plainText } from './issue-text.ts';
import { nearest } from './problem.ts';
import type { Section } from './rules-file-shape.ts';

/** One line for each mistake of a sink's own configuration, beginning with the key: `url: …`. Secrets must be references. */
export type CheckSinkConfig = (type: string, config: Readonly<Record<string, unknown>>) => readonly string[];

/** An item of a list in the file. Checks go as far as each item allows, so that one mistake does not hide another. */
export interface Item {
  readonly section: Section;
  readonly index: number;
  readonly written: Readonly<Record<string, unknown>>;
  /** Absent while its shape is wrong. */
  readonly parsed?: { readonly id: string; readonly value: unknown };
}
type Say = (path: readonly PropertyKey[], message: string) => void;

/** What no item can know by itself: unique names, targets that exist, workflows that can run, configuration of sinks. */
export function crossCheck(items: readonly Item[], checkSinkConfig: CheckSinkConfig, say: Say): void {
  checkUnique(items, say);
  const of = (section: Section) => items.filter((item) => item.section === section);
  const known = { sink: of('sinks'), workflow: of('workflows') };
  for (const item of items) {
    const sayHere: Say = (path, message) => say([item.section, item.index, ...path], message);
    if (item.section === 'sinks') checkSink(item, checkSinkConfig, sayHere);
    if (item.section === 'workflows') checkWorkflow(item, sayHere);
    if (item.section === 'rules') checkTargets(item, known, sayHere);
  }
}

/** What must differ between the items of a section, by the key that it is written under. */
const identities: Readonly<Record<Section, readonly string[]>> = {
  sinks: ['handle'],
  workflows: ['handle'],
  rules: ['name', 'id'],
  signal_rules: ['id'],
  users: ['uuid', 'handle'],
};

function checkUnique(items: readonly Item[], say: Say): void {
  const first = new Map<string, number>();
  for (const item of items) {
    const { section, index, parsed } = item;
    const marks = marksOf(item);
    const taken = marks.find(({ mark }) => first.has(mark));
    for (const { mark } of marks) first.set(mark, first.get(mark) ?? index);
    if (!taken) continue;
    const other = `${section}[${first.get(taken.mark)}]`;
    if (taken.written) say([section, index, taken.key], `is the same as of ${other}: choose another`);
    else say([section, index], `becomes "${parsed?.id}" like ${other}: give one of them an id of its own`);
  }
}

/** Everything that nobody else may be called; an identity that is not written is derived from the name. */
const marksOf = ({ section, written, parsed }: Item) =>
  identities[section].flatMap((key) => {
    const identity = Object.hasOwn(written, key) ? written[key] : parsed?.id;
    return typeof identity === 'string'
      ? [{ key, written: Object.hasOwn(written, key), mark: `${section} ${key} ${identity}` }]
      : [];
  });

function checkSink({ written: { type, config = {} } }: Item, checkSinkConfig: CheckSinkConfig, say: Say): void {
  if (typeof type !== 'string' || type === '' || !isJsonObject(config)) return;
  for (const line of checkSinkConfig(type, config)) {
    const [, place = 'config', message = line] = /^([A-Za-z0-9_.-]+): (.*)$/s.exec(line) ?? [];
    const path = place === 'config' ? ['config'] : ['config', ...place.split('.')];
    say(place === 'type' ? ['type'] : path, plainText(message));
  }
}

function checkWorkflow({ parsed }: Item, say: Say): void {
  const { inputs = [] } = (parsed?.value ?? {}) as Partial<WorkflowObject>;
  const names = inputs.map(({ name }) => name);
  for (const [index, input] of inputs.entries()) {
    if (names.indexOf(input.name) < index)
      say(['inputs', index, 'name'], 'this workflow has an input of that name already');
    const problem = input.default === undefined ? undefined : inputProblem(input, input.default);
    if (problem) say(['inputs', index, 'default'], problem);
  }
}

interface Known {
  readonly sink: readonly Item[];
  readonly workflow: readonly Item[];
}

function checkTargets({ written: { targets } }: Item, known: Known, say: Say): void {
  if (!Array.isArray(targets)) return;
  for (const [index, text] of targets.entries()) {
    const problem = typeof text === 'string' ? targetProblem(text, known) : undefined;
    if (problem) say(['targets', index], problem);
  }
}

function targetProblem(text: string, known: Known): string | undefined {
  const target = parseTarget(text);
  if (!target.ok) return `${target.message} (at character ${target.position + 1})`;
  const { kind, handle } = target;
  const found = known[kind].find(({ written }) => written.handle === handle);
  if (!found) return unknownTarget(kind, handle, known[kind]);
  if (kind === 'sink' || !found.parsed) return undefined;
  return runProblem(found.parsed.value as WorkflowObject, target.arguments);
}

function unknownTarget(kind: 'sink' | 'workflow', handle: string, items: readonly Item[]): string {
  const known = items.flatMap(({ written: { handle: one } }) => (typeof one === 'string' ? [one] : []));
  const near = nearest(handle, known);
  const list = known.length > 0 ? `there are ${known.join(', ')}` : `add one under ${kind}s`;
  return `no ${kind} has the handle ${handle}: ${near ? `did you mean ${near}?` : list}`;
}

function runProblem(workflow: WorkflowObject, given: Readonly<Record<string, TargetArgument>>): string | undefined {
  if (!workflow.security_trigger)
    return `workflow ${workflow.handle} has no security trigger: set security_trigger: true`;
  const bound = bindInputs(workflow, given);
  return bound.ok ? undefined : bound.problems.join('; ');
}
