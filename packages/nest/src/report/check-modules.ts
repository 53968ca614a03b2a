import { SetupError } from '@assay/core';
import type { ModuleSettings } from '../module-settings.js';

/** Throws: `SetupError` where modules get in each other's way: two of one name, or two global guards. */
export function checkModules(modules: readonly ModuleSettings[]): void {
  const names = modules.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new SetupError({
      option: 'name',
      problem: `two AssayModules have the name ${twice}`,
      remedy: 'Give each resource server beside the first a name of its own.',
    });
  }
  if (modules.filter(({ guard }) => guard === 'global').length > 1) {
    throw new SetupError({
      option: 'guard',
      problem: 'two AssayModules have a global guard, so that every request would need two tokens',
      remedy: "Give all but one guard: 'manual', and put @UseGuards(AssayGuard.for(name)) on their handlers.",
    });
  }
}
