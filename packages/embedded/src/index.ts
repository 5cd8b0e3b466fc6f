export { MemoryJobQueue } from './jobs/memory-job-queue.ts';
export { EmbeddedLog, type EmbeddedLogOptions } from './log/embedded-log.ts';
