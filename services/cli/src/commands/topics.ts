import { type Command, Option } from 'commander';

export interface TopicFlags {
  readonly config?: string;
  readonly brokers?: string;
  readonly partitions?: string;
  readonly prefix?: string;
  readonly replication?: string;
}

/** `tocsin topics`: what Kafka must hold before the services of a cluster start. */
export function topicCommands(program: Command): void {
  const topics = program
    .command('topics')
    .description('create and check the Kafka topics of a cluster (an embedded stack has none)');
  withKafka(topics.command('create'))
    .description('create the topics that do not exist; what exists is left as it is, and checked')
    .addOption(new Option('--replication <n>', 'copies of each partition; the default of the brokers unless given'))
    .action(async (flags: TopicFlags) => (await import('../topics.ts')).createTopics(flags));
  withKafka(topics.command('check'))
    .description('say what is not as it must be: partitions, cleanup policy, retention, sizes, copies in sync')
    .action(async (flags: TopicFlags) => (await import('../topics.ts')).checkTopics(flags));
}

const withKafka = (command: Command): Command =>
  command
    .option('--config <file>', 'settings of a service in YAML; those of Kafka are taken from it')
    .option('--brokers <list>', 'host:port, with commas between them (TOCSIN_KAFKA_BROKERS)')
    .option('--partitions <n>', 'partition count P of all topics (TOCSIN_KAFKA_PARTITIONS)')
    .option('--prefix <text>', 'before the name of every topic (TOCSIN_KAFKA_PREFIX)');
