/** Exit codes that scripts may rely on. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  forbidden: 4,
  conflict: 5,
  partial: 6,
  verification: 7,
  unreachable: 8,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An expected end of a command: what to tell the person, and the exit code for the script. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

const byCode: Readonly<Record<string, ExitCode>> = {
  version_conflict: exitCodes.conflict,
  invalid_transition: exitCodes.conflict,
  locked: exitCodes.conflict,
};
const byStatus: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.usage,
  401: exitCodes.forbidden,
  403: exitCodes.forbidden,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
};

/** The exit code for an error that the server answered with. */
export const exitCodeOf = (status: number, code: string | undefined): ExitCode =>
  byCode[code ?? ''] ?? byStatus[status] ?? exitCodes.failed;
