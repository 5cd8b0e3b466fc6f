import { setTimeout as delay } from 'node:timers/promises';
import { LogError } from '@tocsin/core';
import kafkajs, { type Admin } from 'kafkajs';
import { retried } from './retried.ts';
import type { TopicPlan } from './topic-names.ts';

/** Creates the topics that do not exist yet; what exists is left as it is. */
export async function createTopics(admin: Admin, plans: readonly TopicPlan[], replicationFactor = -1): Promise<void> {
  const known = new Set(await admin.listTopics());
  const missing = plans.filter(({ topic }) => !known.has(topic));
  if (missing.length === 0) return;
  await admin.createTopics({
    waitForLeaders: false,
    topics: missing.map(({ topic, partitions, settings }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    })),
  });
  // Made is not known yet: brokers hear of it one after another.
  await retried(() => admin.fetchTopicMetadata({ topics: missing.map(({ topic }) => topic) }));
}

/** What a mismatch would break without a word, so that nothing starts on it. */
const checked = ['cleanup.policy', 'message.timestamp.type'];

/** Refuses topics that are missing or set up otherwise, and names each: partitions and what decides over loss and order. */
export async function checkTopics(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
  const known = await knownTopics(admin, plans);
  const missing = plans.filter(({ topic }) => !known.has(topic)).map(({ topic }) => `${topic} does not exist`);
  const there = plans.filter(({ topic }) => known.has(topic));
  const problems = [...missing, ...(await partitionProblems(admin, there)), ...(await settingProblems(admin, there))];
  if (problems.length > 0)
    throw new LogError('stopped', `topics are not set up as they must be: ${problems.join('; ')}`);
}

/** A broker may not have heard yet of what was made a moment ago. */
async function knownTopics(admin: Admin, plans: readonly TopicPlan[]): Promise<ReadonlySet<string>> {
  for (let attempt = 1; ; attempt += 1) {
    const known = new Set(await admin.listTopics());
    if (attempt === 5 || plans.every(({ topic }) => known.has(topic))) return known;
    await delay(100 * attempt);
  }
}

async function partitionProblems(admin: Admin, plans: readonly TopicPlan[]): Promise<readonly string[]> {
  if (plans.length === 0) return [];
  const names = plans.map(({ topic }) => topic);
  const { topics } = await retried(() => admin.fetchTopicMetadata({ topics: names }));
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  return plans
    .filter(({ topic, partitions }) => counts.get(topic) !== partitions)
    .map(({ topic, partitions }) => `${topic} has ${counts.get(topic)} partitions, not ${partitions}`);
}

async function settingProblems(admin: Admin, plans: readonly TopicPlan[]): Promise<readonly string[]> {
  if (plans.length === 0) return [];
  const resources = plans.map(({ topic }) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name: topic,
    configNames: [...settingNames],
  }));
  const answer = await admin.describeConfigs({ includeSynonyms: false, resources });
  return plans.flatMap(({ topic, settings }) => {
    const found = answer.resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    const settingOf = (name: string) => found.find(({ configName }) => configName === name)?.configValue;
    const differ = checked.filter((name) => settings[name] !== undefined && settingOf(name) !== settings[name]);
    const small = Number(settingOf('max.message.bytes')) < Number(settings['max.message.bytes']);
    return [
      ...differ.map((name) => `${topic} has ${name}=${settingOf(name)}, not ${settings[name]}`),
      ...(small
        ? [
            `${topic} has max.message.bytes=${settingOf('max.message.bytes')}, less than ${settings['max.message.bytes']}`,
          ]
        : []),
    ];
  });
}

const settingNames = [...checked, 'max.message.bytes'];
