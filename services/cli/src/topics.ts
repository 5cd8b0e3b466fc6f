import { auditProcessor, processorDeadLetters } from '@tocsin/audit';
import { ClusterTopics, kafkaSettingsOf, kafkaSettingsShape, settings } from '@tocsin/cluster';
import { controlService } from '@tocsin/control';
import type { AnyProcessor } from '@tocsin/core';
import { ingestService } from '@tocsin/ingest';
import { notifierProcessor } from '@tocsin/notifier';
import { nodeDigest, readConfiguration, readConfigurationFile, setting, variableOf } from '@tocsin/runtime';
import { triageService } from '@tocsin/triage';
import type { TopicFlags } from './commands/topics.ts';
import { exitCodes, Failure } from './failure.ts';
import { print } from './output.ts';

/** Ours, but of the client commands and of `up`. */
const others = ['TOCSIN_URL', 'TOCSIN_TOKEN', 'TOCSIN_DATA', 'TOCSIN_EGRESS_ALLOW'];

/** What `tocsin topics create` does. */
export async function createTopics(flags: TopicFlags): Promise<void> {
  const topics = await topicsOf(flags);
  const replication = flags.replication === undefined ? undefined : copiesOf(flags.replication);
  const made = await reached(() => topics.create(processorLists(), { replication }));
  for (const name of made) print(`created ${name}`);
  if (made.length === 0) print('nothing to create');
  await tellProblems(topics);
}

/** What `tocsin topics check` does. */
export async function checkTopics(flags: TopicFlags): Promise<void> {
  await tellProblems(await topicsOf(flags));
}

async function tellProblems(topics: ClusterTopics): Promise<void> {
  const problems = await reached(() => topics.problems(processorLists()));
  if (problems.length > 0) throw new Failure(exitCodes.failed, problems.join('\n'));
  print('all topics are as they must be');
}

async function topicsOf({ config, brokers, partitions, prefix }: TopicFlags): Promise<ClusterTopics> {
  const read = readConfiguration({
    shape: kafkaSettingsShape,
    file: config === undefined ? undefined : await readConfigurationFile(config),
    given: { kafkaBrokers: brokers, kafkaPartitions: partitions, kafkaPrefix: prefix },
    alsoKnown: [...Object.keys(settings.shape).map(variableOf), ...others],
  });
  const kafka = await kafkaSettingsOf(read, 'tocsin-topics');
  return new ClusterTopics({ kafka, partitions: read.kafkaPartitions, prefix: read.kafkaPrefix });
}

function copiesOf(text: string): number {
  const parsed = setting.wholeNumber({ min: 1, max: 10 }).safeParse(text);
  if (!parsed.success) throw new Failure(exitCodes.usage, '--replication: a number from 1 to 10');
  return parsed.data;
}

async function reached<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCodes.unreachable, `Kafka did not do it: ${said}`);
  }
}

/** The processors of all services: only their names and topics are looked at, so their secrets may be any. */
function processorLists(): readonly (readonly AnyProcessor[])[] {
  const secret = new Uint8Array(32);
  const commandSecrets = [secret];
  const ports = { digest: nodeDigest };
  return [
    controlService(ports, { commandSecrets }),
    ingestService(ports, { secret }),
    triageService(ports, { secret, commandSecrets, partitions: 1 }),
    [notifierProcessor({ linkBase: 'http://localhost', sinkTypes: () => undefined }) as AnyProcessor],
    [auditProcessor({ digest: nodeDigest, deadLetters: processorDeadLetters })],
  ];
}
