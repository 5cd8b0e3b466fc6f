import {
  bindInputs,
  type ConfigCommand,
  type ConfigKind,
  type ConfigPut,
  type ConfigRejection,
  configKinds,
  isJsonObject,
  type JsonObject,
  type NotificationRuleObject,
  parseTarget,
  type UserObject,
  type WorkflowObject,
} from '@tocsin/core';
import { type HeldObject, type IndexLine, jsonOf } from './control-entry.ts';

/** What a decision may look at. */
export interface Known {
  object(kind: ConfigKind, id: string): HeldObject | undefined;
  readonly lines: readonly IndexLine[];
}
export interface Refused {
  readonly ok: false;
  readonly code: ConfigRejection;
  readonly message: string;
}
export type Judgement =
  | { readonly ok: true; readonly name: string; readonly value: JsonObject | null; readonly line?: IndexLine }
  | Refused;

const refuse = (code: ConfigRejection, message: string): Refused => ({ ok: false, code, message });
/** Half of what an event may hold, because it carries the previous value too. */
const maxValue = 24 * 1024;

/** What becomes of the object: its new value, null where it goes, or why not. */
export function judge(command: ConfigCommand, known: Known): Judgement {
  const { kind, id, expectedVersion } = command.data;
  const held = known.object(kind, id);
  const current = held?.value ? held.version : 0;
  if (expectedVersion !== undefined && expectedVersion !== current)
    return refuse('version_conflict', `it is at version ${current}, you saw ${expectedVersion}: look at it again`);
  return command.type === 'config.put' ? judgePut(command, known) : judgeRemove(command.data, held, known);
}

function judgeRemove(
  { kind, id }: { readonly kind: ConfigKind; readonly id: string },
  held: HeldObject | undefined,
  { lines }: Known,
): Judgement {
  if (!held?.value) return refuse('not_found', `there is no ${kind.replace('_', ' ')} ${id}`);
  const users = lines.filter(({ targets }) => targets?.includes(`${kind}/${id}`)).map(({ name }) => name);
  if (users.length > 0)
    return refuse('in_use', `notified by ${users.join(', ')}: take it out of the targets of these rules first`);
  return { ok: true, name: held.name, value: null };
}

function judgePut({ data: { kind, id, value: written } }: ConfigPut, known: Known): Judgement {
  const parsed = configKinds[kind].shape.safeParse(written);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse('invalid', `${issue?.path.join('.') || 'value'}: ${issue?.message ?? 'is not valid'}`);
  }
  const { idOf, nameOf } = configKinds[kind] as { idOf(value: unknown): string; nameOf(value: unknown): string };
  if (idOf(parsed.data) !== id)
    return refuse('invalid', `the object is about ${idOf(parsed.data)}, the command about ${id}`);
  const value = jsonOf(parsed.data);
  if (!isJsonObject(value) || JSON.stringify(value).length > maxValue)
    return refuse('invalid', `longer than ${maxValue / 1024} KiB`);
  const line = lineOf(kind, id, parsed.data);
  return refusalOf(line, parsed.data, known) ?? { ok: true, name: nameOf(parsed.data), value, ...(line && { line }) };
}

/** The line that an object has in the index; sinks and workflows have none, because their handle is their id. */
function lineOf(kind: ConfigKind, id: string, value: unknown): IndexLine | undefined {
  if (kind === 'user') return { kind, id, name: (value as UserObject).handle };
  if (kind !== 'notification_rule') return undefined;
  const { name, targets } = value as NotificationRuleObject;
  return { kind, id, name, targets: [...new Set(targets.map((text) => targetKey(text) ?? text))] };
}

function refusalOf(line: IndexLine | undefined, value: unknown, known: Known): Refused | undefined {
  if (!line) return undefined;
  const owner = known.lines.find(({ kind, id, name }) => kind === line.kind && name === line.name && id !== line.id);
  if (owner) return refuse('name_taken', `${owner.id} is already called ${line.name}: choose another name`);
  if (line.kind !== 'notification_rule') return undefined;
  for (const text of (value as NotificationRuleObject).targets) {
    const problem = targetProblem(text, known);
    if (problem) return refuse('invalid', `target ${text}: ${problem}`);
  }
  return undefined;
}

function targetProblem(text: string, known: Known): string | undefined {
  const target = parseTarget(text);
  if (!target.ok) return `${target.message} (at character ${target.position + 1})`;
  const value = known.object(target.kind, target.handle)?.value;
  if (!value) return `there is no ${target.kind} ${target.handle}`;
  return target.kind === 'sink' ? undefined : runProblem(value as unknown as WorkflowObject, target.arguments);
}

function runProblem(workflow: WorkflowObject, given: Parameters<typeof bindInputs>[1]): string | undefined {
  if (!workflow.security_trigger) return 'the workflow has no security trigger';
  const bound = bindInputs(workflow, given);
  return bound.ok ? undefined : bound.problems.join('; ');
}

/** `sink/slack` or `workflow/contain`; undefined for a target that nobody can read. */
export function targetKey(text: string): string | undefined {
  const target = parseTarget(text);
  return target.ok ? `${target.kind}/${target.handle}` : undefined;
}
