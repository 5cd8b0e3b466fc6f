export { intakeMetrics } from './intake-metrics.ts';
export { Projector } from './projector.ts';
export { LazyReadModel, type ReadModelOptions } from './read-model/opening.ts';
export { createTables, type Database, dropTables, type Tables } from './read-model/schema.ts';
export { SqlReadModel } from './read-model/sql-read-model.ts';
export { type ApiOptions, ApiServer } from './server.ts';
export { type ApiConfig, type ApiPorts, type ApiService, apiService, unready } from './service.ts';
export { balanceOf } from './status-routes.ts';
