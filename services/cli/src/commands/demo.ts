import type { Command } from 'commander';

/** `tocsin demo`: the whole pipeline in a temporary directory, on a story that it tells. */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('see it work: five tools report an attack, and everything that follows; nothing is installed or kept')
    .option('--once', 'end after the story: 0 when everything in it was as promised')
    .action(async (flags: { readonly once?: boolean }) => (await import('../demo/show.ts')).show(flags));
}
