import type { Command } from 'commander';
import { logLevels } from '@tocsin/runtime';
import { defaultPort } from '../connection.ts';
import type { UpFlags } from '../serve.ts';

/** `tocsin up`: every service in one process, on one data directory. */
export function upCommand(program: Command): void {
  program
    .command('up')
    .description('start Tocsin on this machine: every service in one process, nothing else to install')
    .option('--data <dir>', 'data directory, made when it is not there (TOCSIN_DATA)')
    .option('--port <port>', `port to listen on, 0 for a free one (TOCSIN_PORT); ${defaultPort} unless given`)
    .option('--host <address>', 'address to listen on (TOCSIN_HOST); loopback unless given')
    .option('--rules <file>', 'rules file: sinks, workflows, notification rules, grouping, users (TOCSIN_RULES)')
    .option(
      '--allow-egress <cidrs>',
      'addresses that sinks may reach although they are not public, as 10.0.0.0/8,127.0.0.1/32 (TOCSIN_EGRESS_ALLOW)',
    )
    .option('--log-level <level>', `${logLevels.join(', ')} (TOCSIN_LOG_LEVEL)`)
    .addHelpText(
      'after',
      '\nExamples:\n  tocsin up\n  tocsin up --data ./tocsin-data --rules rules.yaml\n\nThe first start writes admin.token (mode 0600) into the data directory; client commands find it there.',
    )
    .action(async (flags: UpFlags) => (await import('../serve.ts')).serve(flags));
}
