import { setTimeout as pause } from 'node:timers/promises';
import { type AnyProcessor, LogError } from '@tocsin/core';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { type KafkaSettings, kafkaClient, withAdmin } from '../kafka/kafka-client.ts';
import { listPlans, namedPlans, type TopicPlan, TopicNames } from '../kafka/topic-names.ts';
import { checkTopics, createTopics } from '../kafka/topic-setup.ts';

export interface ClusterTopicsParts {
  readonly kafka: KafkaSettings;
  readonly partitions: number;
  readonly prefix: string;
}

export interface TopicCreation {
  /** Copies of each partition; the brokers' own default unless given. */
  readonly replication?: number | undefined;
}

const remedy = 'run `tocsin topics check` for the whole list, and correct them with the tools of Kafka';

/**
 * The topics of an installation: makes those that are missing, and says which are not as they must be. What exists is never
 * changed: to alter a topic under running services is a decision of people.
 */
export class ClusterTopics {
  readonly #kafka: Kafka;
  readonly #names: TopicNames;
  readonly #partitions: number;

  constructor({ kafka, partitions, prefix }: ClusterTopicsParts) {
    this.#kafka = kafkaClient(kafka);
    this.#names = new TopicNames(prefix);
    this.#partitions = partitions;
  }

  /** Names of those that were made. */
  async create(
    lists: readonly (readonly AnyProcessor[])[],
    { replication }: TopicCreation = {},
  ): Promise<readonly string[]> {
    const plans = this.#plans(lists).map((plan) => (replication === undefined ? plan : replicated(plan, replication)));
    return withAdmin(this.#kafka, async (admin) => {
      const known = new Set(await admin.listTopics());
      await createTopics(admin, plans, replication ?? -1);
      return plans.map(({ topic }) => topic).filter((topic) => !known.has(topic));
    });
  }

  /** One line for each thing that is not as it must be. Rejects when Kafka cannot be asked. */
  problems(lists: readonly (readonly AnyProcessor[])[]): Promise<readonly string[]> {
    const plans = this.#plans(lists);
    return withAdmin(this.#kafka, async (admin) => {
      try {
        await checkTopics(admin, plans);
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        return [error.message];
      }
      return safetyProblems(admin, plans);
    });
  }

  /**
   * Waits for Kafka as long as it is away, telling why now and then; resolves when the topics are as they must be, or the signal
   * aborts. Throws `LogError` when they are not.
   */
  async ready(
    lists: readonly (readonly AnyProcessor[])[],
    { signal, tell }: { readonly signal: AbortSignal; readonly tell: (line: string) => void },
  ): Promise<void> {
    for (let told = 0; !signal.aborted; ) {
      const problems = await this.problems(lists).catch((error: unknown) => {
        if (performance.now() > told) tell(`Kafka cannot be asked: ${error instanceof Error ? error.message : error}`);
        told = performance.now() + 30_000;
        return undefined;
      });
      if (problems?.length === 0) return;
      if (problems)
        throw new LogError(
          'stopped',
          `${problems.join('; ')}. Run \`tocsin topics create\` for what does not exist; ${remedy}`,
        );
      await pause(500 + Math.random() * 500, undefined, { signal }).catch(() => {});
    }
  }

  #plans(lists: readonly (readonly AnyProcessor[])[]): readonly TopicPlan[] {
    const options = { partitions: this.#partitions };
    const plans = [
      ...namedPlans(this.#names, options),
      ...lists.flatMap((list) => listPlans(this.#names, list, options)),
    ];
    return [...new Map(plans.map((plan) => [plan.topic, plan])).values()];
  }
}

/** With several copies, a write counts once two have it: then no single broker can lose it, nor stop it. */
const replicated = (plan: TopicPlan, replication: number): TopicPlan => ({
  ...plan,
  settings: { ...plan.settings, 'min.insync.replicas': replication >= 3 ? '2' : '1' },
});

/** What lets acknowledged records vanish later: too few copies in sync, and a retention that is shorter than promised. */
async function safetyProblems(admin: Admin, plans: readonly TopicPlan[]): Promise<readonly string[]> {
  const names = plans.map(({ topic }) => topic);
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const copies = new Map(topics.map(({ name, partitions }) => [name, partitions[0]?.replicas.length ?? 1]));
  const configNames = ['min.insync.replicas', 'retention.ms'];
  const resources = names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames }));
  const answer = await admin.describeConfigs({ includeSynonyms: false, resources });
  return plans.flatMap((plan) => {
    const entries = answer.resources.find(({ resourceName }) => resourceName === plan.topic)?.configEntries ?? [];
    const numberOf = (name: string) => Number(entries.find(({ configName }) => configName === name)?.configValue);
    const inSync = numberOf('min.insync.replicas');
    const few = (copies.get(plan.topic) ?? 1) >= 3 && inSync < 2;
    return [
      ...(few ? [`${plan.topic} has min.insync.replicas=${inSync}, less than 2`] : []),
      ...retentionProblem(plan, numberOf('retention.ms')),
    ];
  });
}

function retentionProblem({ topic, settings }: TopicPlan, kept: number): readonly string[] {
  const promised = settings['retention.ms'];
  if (promised === undefined || kept === -1) return [];
  const short = promised === '-1' || kept < Number(promised);
  return short
    ? [`${topic} has retention.ms=${kept}, less than ${promised === '-1' ? 'for ever (-1)' : promised}`]
    : [];
}
