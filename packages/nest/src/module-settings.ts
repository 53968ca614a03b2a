import type { ResourceServer } from '@assay/core';

/** What one `AssayModule` was made with. */
export interface ModuleSettings {
  readonly guard: 'global' | 'manual';
  readonly name: string;
  readonly resourceServer: ResourceServer;
}

/** Under which every `AssayModule` keeps its settings, so that the start-up check finds all of them. */
export const moduleSettings = Symbol.for('assay.module-settings');
