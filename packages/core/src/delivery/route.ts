import type { Configuration } from '../config/configuration.ts';
import type { NotificationRuleObject, Selectors, WorkflowObject } from '../config/objects.ts';
import type { JsonObject } from '../json.ts';
import { bindInputs } from '../rules/inputs.ts';
import { parseTarget, type Target, workflowPrefix } from '../rules/target.ts';
import { murmur2 } from '../shard.ts';
import type { AnySink } from './sink.ts';

/** What the notifier must know of a sink type; undefined for a type that does not exist. */
export type SinkTypes = (type: string) => Pick<AnySink, 'followUps'> | undefined;

/** One target of a rule, looked up in the configuration. */
export interface RouteTarget {
  /** Two targets with the same key are the same target: it hears of a signal once. */
  readonly key: string;
  /** Handle without the `@`. */
  readonly sink: string;
  readonly inputs?: JsonObject;
  /** Why nothing can be sent there. */
  readonly problem?: string;
}

/** An enabled notification rule, ready to be used. */
export interface Route {
  readonly rule: { readonly id: string; readonly name: string };
  readonly selectors: Selectors;
  readonly notifyOn: NotificationRuleObject['notify_on'];
  readonly targets: readonly RouteTarget[];
}

/** The sink type of every workflow. */
export const workflowSinkType = 'workflow';

const known = new WeakMap<Configuration, { readonly types: SinkTypes; readonly routes: readonly Route[] }>();

/** Enabled rules in the order of their names. Worked out once for each version of the configuration. */
export function routesOf(configuration: Configuration, types: SinkTypes): readonly Route[] {
  const held = known.get(configuration);
  if (held?.types === types) return held.routes;
  const routes = [...configuration.notification_rule.values()]
    .filter(({ value }) => value.enabled)
    .sort((a, b) => order(a.value.name, b.value.name) || order(a.id, b.id))
    .map(({ id, value }) => ({
      rule: { id, name: value.name },
      selectors: value.selectors,
      notifyOn: value.notify_on,
      targets: value.targets.map((target) => lookUp(target, configuration, types)),
    }));
  known.set(configuration, { types, routes });
  return routes;
}

/** The type of what a handle (without the `@`) names, as configured now. */
export const sinkTypeOf = (handle: string, configuration: Configuration): string | undefined =>
  configuration.sink.get(handle)?.value.type ?? (workflowOf(handle, configuration) && workflowSinkType);

/** The workflow that a handle (with its prefix, without the `@`) names. */
export const workflowOf = (handle: string, { workflow }: Configuration): WorkflowObject | undefined =>
  handle.startsWith(workflowPrefix) ? workflow.get(handle.slice(workflowPrefix.length))?.value : undefined;

function lookUp(text: string, configuration: Configuration, types: SinkTypes): RouteTarget {
  const target = parseTarget(text);
  if (!target.ok) return { key: `unread-${markOf(text)}`, sink: text.slice(0, 128), problem: target.message };
  return target.kind === 'sink'
    ? sinkTarget(target.handle, configuration, types)
    : workflowTarget(target, configuration, types);
}

function sinkTarget(handle: string, configuration: Configuration, types: SinkTypes): RouteTarget {
  const problem = sinkProblem(handle, configuration, types);
  return { key: shortened(handle), sink: handle, ...(problem && { problem }) };
}

function sinkProblem(handle: string, { sink }: Configuration, types: SinkTypes): string | undefined {
  const value = sink.get(handle)?.value;
  if (!value) return `there is no sink @${handle}`;
  if (!value.enabled) return `sink @${handle} is disabled`;
  return types(value.type) ? undefined : `there is no sink type "${value.type}"`;
}

type WorkflowTarget = Extract<Target, { kind: 'workflow' }>;

function workflowTarget(target: WorkflowTarget, configuration: Configuration, types: SinkTypes): RouteTarget {
  const sink = `${workflowPrefix}${target.handle}`;
  const about = { key: workflowKey(sink, target.arguments), sink };
  const workflow = workflowOf(sink, configuration);
  if (!workflow) return { ...about, problem: `there is no workflow @${sink}` };
  const problem = workflowProblem(workflow, types);
  if (problem) return { ...about, problem: `workflow @${sink} ${problem}` };
  const bound = bindInputs(workflow, target.arguments);
  return bound.ok
    ? { ...about, inputs: bound.inputs }
    : { ...about, problem: `workflow @${sink}: ${bound.problems.join('; ')}` };
}

function workflowProblem(workflow: WorkflowObject, types: SinkTypes): string | undefined {
  if (!workflow.security_trigger) return 'has no security trigger';
  if (!workflow.automatic) return 'is run by hand only';
  return types(workflowSinkType) ? undefined : 'cannot be run: there is no such sink type';
}

const utf8 = new TextEncoder();
const markOf = (text: string): string => murmur2(utf8.encode(text)).toString(16).padStart(8, '0');
/** Short enough to be part of a delivery id. */
const shortened = (handle: string): string =>
  handle.length > 32 ? `${handle.slice(0, 23)}-${markOf(handle)}` : handle;

/** The same workflow with other arguments is another target. */
function workflowKey(sink: string, given: WorkflowTarget['arguments']): string {
  const values = Object.entries(given).sort(([a], [b]) => order(a, b));
  return values.length > 0 ? `${shortened(sink)}-${markOf(JSON.stringify(values))}` : shortened(sink);
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
