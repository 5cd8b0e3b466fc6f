import type { InputType, WorkflowObject } from '../config/objects.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { TargetArgument } from './target.ts';

export type BoundInputs =
  | { readonly ok: true; readonly inputs: JsonObject }
  /** Everything that is wrong, one sentence each. */
  | { readonly ok: false; readonly problems: readonly string[] };

type WorkflowInput = WorkflowObject['inputs'][number];

/**
 * The inputs a run gets: what the target gives, checked against the workflow's declarations, and defaults for the rest. An
 * object or array is written as JSON text.
 */
export function bindInputs(
  workflow: Pick<WorkflowObject, 'inputs'>,
  given: Readonly<Record<string, TargetArgument>>,
): BoundInputs {
  const known = new Set(workflow.inputs.map(({ name }) => name));
  const unknown = Object.keys(given)
    .filter((name) => !known.has(name))
    .map((name) => `the workflow has no input "${name}"${known.size ? `; it has ${[...known].join(', ')}` : ''}`);
  const bound = workflow.inputs.map((input) => bindOne(input, given));
  const problems = [...unknown, ...bound.flatMap(({ problem }) => problem ?? [])];
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    inputs: Object.fromEntries(bound.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))),
  };
}

interface Bound {
  readonly name: string;
  readonly value?: Json | undefined;
  readonly problem?: string;
}

function bindOne(input: WorkflowInput, given: Readonly<Record<string, TargetArgument>>): Bound {
  const { name } = input;
  const written = Object.hasOwn(given, name) ? given[name] : undefined;
  const value = written === undefined ? input.default : meant(input.type, written);
  if (value === undefined)
    return { name, problem: `input "${name}" (${input.type}) has no default, so the target must give it` };
  const problem = inputProblem(input, value);
  return problem === undefined ? { name, value } : { name, problem };
}

/** Left as it is where it is no JSON, for `inputProblem` to name. */
function meant(type: InputType, written: TargetArgument): Json {
  if ((type !== 'object' && type !== 'array') || typeof written !== 'string') return written;
  try {
    return JSON.parse(written) as Json;
  } catch {
    return written;
  }
}

/** Why a value does not fit an input of a workflow, or undefined if it does. */
export function inputProblem(input: WorkflowInput, value: Json): string | undefined {
  const actual = typeOf(value);
  if (actual !== input.type)
    return `input "${input.name}" takes ${article(input.type)} ${input.type}, not ${inWords(value, actual)}`;
  if (input.allowed && !input.allowed.some((allowed) => JSON.stringify(allowed) === JSON.stringify(value)))
    return `input "${input.name}" allows ${input.allowed.map((allowed) => JSON.stringify(allowed)).join(', ')}, not ${JSON.stringify(value)}`;
  return undefined;
}

function typeOf(value: Json): InputType | 'null' {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isJsonObject(value)) return 'object';
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' ? 'number' : 'boolean';
}

const inWords = (value: Json, type: InputType | 'null'): string =>
  type === 'object' || type === 'array' ? `${article(type)} ${type}` : JSON.stringify(value);
const article = (type: InputType): string => (type === 'object' || type === 'array' ? 'an' : 'a');
