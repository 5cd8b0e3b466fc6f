import {
  type AnyCommandDefinition,
  type Command,
  commandDefinitions,
  type Decision,
  type DecisionContext,
  type Fields,
  type Json,
  type Refusal,
  shapeOf,
  type ValueOf,
} from '@tocsin/core';

// The registry holds commands of many shapes; each gets only data that its own shape has let through.
const known = new Map(
  (commandDefinitions as readonly unknown[] as readonly AnyCommandDefinition[]).map((definition) => [
    definition.type,
    { definition, shape: shapeOf(definition.fields) },
  ]),
);

export type Decided =
  | { readonly definition: AnyCommandDefinition; readonly decision: Extract<Decision<ValueOf<Fields>>, { ok: true }> }
  | Refusal;

/** Finds the command's definition, checks its data, and lets it decide. */
export function decide(command: Command, context: DecisionContext): Decided {
  const found = known.get(command.type);
  if (!found) return refused(`no command is called ${command.type}; there are ${[...known.keys()].sort().join(', ')}`);
  const data = found.shape.safeParse(command.data);
  if (!data.success) {
    const [issue] = data.error.issues;
    return refused(`${command.type}: ${issue?.path.join('.') || 'data'}: ${issue?.message ?? 'is not valid'}`);
  }
  const decision = found.definition.decide({ ...command, data: data.data }, context);
  return decision.ok ? { definition: found.definition, decision } : decision;
}

const refused = (message: string): Refusal => ({ ok: false, code: 'invalid_command', message });

/** What was asked, for the record of a refusal; nothing when it is too long to keep. */
export function askedOf({ data }: Command): { asked?: Json } {
  return JSON.stringify(data).length <= 8 * 1024 ? { asked: data as Json } : {};
}
