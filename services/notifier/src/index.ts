export { notifierProcessor, type NotifierOptions } from './notifier-processor.ts';
