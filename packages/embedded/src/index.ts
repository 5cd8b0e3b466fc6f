export { DataDirectory, DirectoryTaken } from './data-directory.ts';
export { MemoryJobQueue } from './jobs/memory-job-queue.ts';
export { EmbeddedLog, type EmbeddedLogOptions } from './log/embedded-log.ts';
export { openPglite, type PgliteCopy } from './pglite/open-pglite.ts';
export { PgliteClient, PgliteError } from './pglite/pglite-client.ts';
export { pgliteDialect } from './pglite/pglite-dialect.ts';
