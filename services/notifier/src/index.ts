export { defaultDeliveryLimits, type DeliveryLimits } from './delivery-limits.ts';
export { deliveryMetrics } from './delivery-metrics.ts';
export type { DeliveryObserver } from './delivery-observer.ts';
export { type DeliveryJob, DeliveryWorker, type DeliveryWorkerParts } from './delivery-worker.ts';
export { type NotifierOptions, notifierProcessor } from './notifier-processor.ts';
export {
  type NotifierConfig,
  type NotifierEffect,
  type NotifierPorts,
  notifierService,
  type NotifierService,
} from './service.ts';
export type { BreakerState } from '@tocsin/core';
