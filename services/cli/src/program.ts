import { Command } from 'commander';
import { auditCommands } from './commands/audit.ts';
import { deadLetterCommands } from './commands/deadletters.ts';
import { demoCommand } from './commands/demo.ts';
import { detectCommands } from './commands/detect.ts';
import { signalCommands } from './commands/signals.ts';
import { statusCommand } from './commands/status.ts';
import { topicCommands } from './commands/topics.ts';
import { upCommand } from './commands/up.ts';
import { exitCodes } from './failure.ts';
import { version } from './version.ts';

/** The whole command line; a verb is one file in `commands`. */
export function programOf(): Command {
  const program = new Command('tocsin')
    .description(
      'Self-hosted security signals: detections in, signals triaged, people told once, everything on record.',
    )
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for what is possible)')
    .exitOverride()
    // `tocsin signals set ID --version 3` is not a question about the version of Tocsin.
    .enablePositionalOptions();
  upCommand(program);
  demoCommand(program);
  detectCommands(program);
  signalCommands(program);
  auditCommands(program);
  deadLetterCommands(program);
  statusCommand(program);
  topicCommands(program);
  program.addHelpText(
    'after',
    `\nExit codes: ${Object.entries(exitCodes)
      .map(([name, code]) => `${code} ${name}`)
      .join(', ')}, 130 interrupted`,
  );
  return inherited(program);
}

/** Sub-commands report usage errors in the same way as the program. */
function inherited(command: Command): Command {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inherited(child);
  }
  return command;
}
