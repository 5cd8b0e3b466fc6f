export { isReference } from './config-shapes.ts';
export { checkSinkConfig, sinkOf } from './registry.ts';
export { sinks } from './sinks.gen.ts';
