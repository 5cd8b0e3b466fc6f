import { sinkSuite } from '@tocsin/conformance';
import { sinks } from './index.ts';

sinkSuite({ sinks, root: import.meta.dirname });
