export { programOf } from './program.ts';
export { EmbeddedStack, type Stack, type StackOptions } from './stack.ts';
