import {
  bindInputs,
  inputProblem,
  type NotificationRuleObject,
  parseTarget,
  type SinkObject,
  type TargetArgument,
  type WorkflowObject,
} from '@tocsin/core';
import { nearest } from './problem.ts';
import type { Section } from './rules-file-shape.ts';

/** One line for each mistake of a sink's own configuration, beginning with the key: `url: …`. Secrets must be references. */
export type CheckSinkConfig = (type: string, config: Readonly<Record<string, unknown>>) => readonly string[];

/** An item that has the right shape by itself. */
export interface Item {
  readonly section: Section;
  readonly index: number;
  readonly id: string;
  readonly value: unknown;
}
export interface Sections {
  readonly items: readonly Item[];
  /** Every handle that is written, in items of a wrong shape too, so that one mistake is told once. */
  readonly handles: { readonly sinks: ReadonlySet<string>; readonly workflows: ReadonlySet<string> };
}
type Say = (path: readonly PropertyKey[], message: string) => void;

/** What no item can know by itself: unique names, targets that exist, workflows that can run, configuration of sinks. */
export function crossCheck(sections: Sections, checkSinkConfig: CheckSinkConfig, say: Say): void {
  checkUnique(sections.items, say);
  for (const item of sections.items) {
    const at = [item.section, item.index];
    if (item.section === 'sinks')
      checkSink(item.value as SinkObject, checkSinkConfig, (path, text) => say([...at, ...path], text));
    if (item.section === 'workflows')
      checkWorkflow(item.value as WorkflowObject, (path, text) => say([...at, ...path], text));
    if (item.section === 'rules')
      for (const [index, target] of (item.value as NotificationRuleObject).targets.entries()) {
        const problem = targetProblem(target, sections);
        if (problem) say([...at, 'targets', index], problem);
      }
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
    const { section, index, id } = item;
    const taken = marksOf(item).find(({ mark }) => first.has(mark));
    for (const { mark } of marksOf(item)) first.set(mark, first.get(mark) ?? index);
    if (!taken) continue;
    const other = `${section}[${first.get(taken.mark)}]`;
    if (taken.written) say([section, index, taken.key], `is the same as of ${other}: choose another`);
    else say([section, index], `becomes "${id}" like ${other}: give one of them an id of its own`);
  }
}

/** Everything that nobody else may be called; an identity that is not written is derived from the name. */
const marksOf = ({ section, id, value }: Item) =>
  identities[section].map((key) => {
    const written = (value as Readonly<Record<string, unknown>>)[key];
    return { key, written: written !== undefined, mark: `${section} ${key} ${String(written ?? id)}` };
  });

function checkSink({ type, config }: SinkObject, checkSinkConfig: CheckSinkConfig, say: Say): void {
  for (const line of checkSinkConfig(type, config)) {
    const [, place = 'config', message = line] = /^([A-Za-z0-9_.-]+): (.*)$/s.exec(line) ?? [];
    if (place === 'type') say(['type'], message);
    else say(place === 'config' ? ['config'] : ['config', ...place.split('.')], message);
  }
}

function checkWorkflow({ inputs }: WorkflowObject, say: Say): void {
  const names = inputs.map(({ name }) => name);
  for (const [index, input] of inputs.entries()) {
    if (names.indexOf(input.name) < index)
      say(['inputs', index, 'name'], 'this workflow has an input of that name already');
    const problem = input.default === undefined ? undefined : inputProblem(input, input.default);
    if (problem) say(['inputs', index, 'default'], problem);
  }
}

function targetProblem(text: string, { items, handles }: Sections): string | undefined {
  const target = parseTarget(text);
  if (!target.ok) return `${target.message} (at character ${target.position + 1})`;
  const { kind, handle } = target;
  const known = kind === 'sink' ? handles.sinks : handles.workflows;
  if (!known.has(handle)) return unknownTarget(kind, handle, [...known]);
  const workflow = items.find((item) => item.section === 'workflows' && item.id === handle);
  return target.kind === 'workflow' && workflow
    ? runProblem(workflow.value as WorkflowObject, target.arguments)
    : undefined;
}

function unknownTarget(kind: 'sink' | 'workflow', handle: string, known: readonly string[]): string {
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

/** The handle that an item names, whatever else is wrong with it. */
export function handleOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('handle' in item)) return undefined;
  return typeof item.handle === 'string' ? item.handle : undefined;
}
